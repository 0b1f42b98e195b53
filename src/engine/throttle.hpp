// What holds a backfill back between two batches, when nothing is open.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace headway::engine {

// What users may change while a job runs.
struct BackfillSettings {
  std::optional<std::int64_t> batch_size;  // rows; else as many as the time allows
  std::int64_t target_batch_ms = 100;
  std::int64_t pause_ms = 0;
  std::string time_window;  // these three as the user wrote them; empty: no limit
  std::string max_wal_rate;
  std::optional<std::int64_t> max_replica_lag_ms;  // one of these two at most
  std::optional<std::int64_t> max_replica_lag_bytes;
  bool waits_for_snapshots = false;  // of others, that keep old versions of rows
  std::optional<std::int64_t> max_active;
};

// Why a lane must not go on now.
struct Wait {
  std::string what;    // in a word or two: "replica lag"
  std::string detail;  // for messages and headway.progress
  std::int64_t again_ms = 200;
};
using Throttle = std::function<std::optional<Wait>(const BackfillSettings& settings)>;

}  // namespace headway::engine
