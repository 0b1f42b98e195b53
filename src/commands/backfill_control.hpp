// What is asked of a job from outside of it, in the caller's transaction: it takes effect when that commits.
//
// The privileges on headway.backfill decide who may. A job that there is none of is an error (42704).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace headway::server {

// Each returns whether the job is being run now.
bool PauseBackfill(const std::string& name);
bool ResumeBackfill(const std::string& name);
bool CancelBackfill(const std::string& name);

// Fields that are not given stay as they are.
struct ReplicaLag {
  std::optional<std::int64_t> ms;
  std::optional<std::int64_t> bytes;
};

struct LimitChanges {
  std::optional<std::int64_t> batch_size;  // 0: as many as the time allows
  std::optional<std::int64_t> target_batch_ms;
  std::optional<std::int64_t> pause_ms;       // negative: none
  std::optional<std::string> time_window;     // empty: none
  std::optional<ReplicaLag> max_replica_lag;  // neither of the two: none
  std::optional<std::string> max_wal_rate;    // empty: none
  std::optional<double> vacuum_every;
  std::optional<bool> waits_for_snapshots;
  std::optional<std::int64_t> max_active;  // 0: no limit
};
bool ChangeBackfill(const std::string& name, const LimitChanges& changes);

// Returns whether there was one. Fails while it is being run.
bool ForgetBackfill(const std::string& name);

}  // namespace headway::server
