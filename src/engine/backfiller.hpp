// Drives a backfill: batch after batch, each a unit of its own with its position in it, until the walk is through.
#pragma once

#include <optional>
#include <string>

#include "core/batch_size.hpp"
#include "core/retry.hpp"
#include "engine/ports.hpp"

namespace headway::engine {

struct Batch {
  std::int64_t updated = 0;  // rows
  std::int64_t walked = 0;   // keys or pages, in the unit of the batch size
  bool last = false;         // the walk is through and nothing is left to sweep
};

// The table being walked and the job's row in headway.backfill.
class BackfillJob {
 public:
  virtual ~BackfillJob() = default;
  virtual std::string name() const = 0;
  virtual std::string Describe() const = 0;         // "public.videos by key (id)"
  virtual std::int64_t EstimatedTotal() const = 0;  // keys or pages; 0: unknown
  virtual std::int64_t WalkedBefore() const = 0;    // by earlier calls

  // Updates the rows of the next batch and moves the job's position past them. REQUIRES: an open unit.
  virtual Batch RunBatch(std::int64_t size) = 0;
  // The unit of the last RunBatch() has been committed: the next one goes on after it.
  virtual void Advance() noexcept = 0;
  // REQUIRES: an open unit.
  virtual void MarkDone() = 0;
  virtual void MarkFailed(const core::ErrorReport& error) = 0;
};

struct BackfillOptions {
  std::optional<std::int64_t> batch_size;  // fixed; else it follows the time of the batches
  std::int64_t first_size = 1'000;
  core::BatchLimits limits;
  core::RetryPolicy retry;
  std::int64_t notice_every_ms = 2'000;
};

class Backfiller {
 public:
  Backfiller(Session& session, BackfillJob& job, Clock& clock, Reporter& reporter, BackfillOptions options)
      : session_(session), job_(job), clock_(clock), reporter_(reporter), options_(options) {}

  // Returns the number of rows updated.
  std::int64_t Run();

 private:
  struct Tally {
    std::int64_t started_ms = 0;
    std::int64_t noticed_ms = 0;
    std::int64_t rows = 0;
    std::int64_t walked = 0;
    std::int64_t batches = 0;
    std::int64_t longest_ms = 0;
    bool done = false;
  };

  void WalkAll(Tally& tally);
  Batch RunOne(std::int64_t size);
  void Fail(const core::Error& error);
  void SayProgress(Tally& tally);
  void SayEnd(const Tally& tally);

  Session& session_;
  BackfillJob& job_;
  Clock& clock_;
  Reporter& reporter_;
  BackfillOptions options_;
};

}  // namespace headway::engine
