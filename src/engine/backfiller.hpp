// Drives one lane of a backfill: range after range of the table, each in batches.
//
// A batch is a unit: a few short steps, each one statement over some rows, and the position behind them. It ends when
// the time for it is up, when a pass over the window is through, or as soon as somebody waits for one of its rows.
// Between two batches nothing is held: that is where it is paused, throttled and stopped.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/batch_size.hpp"
#include "core/rate_meter.hpp"
#include "core/retry.hpp"
#include "engine/lock_retry.hpp"
#include "engine/ports.hpp"
#include "engine/throttle.hpp"

namespace headway::engine {

// The SQLSTATE classes of errors that a row's own values can raise, in a constraint, a trigger or an expression.
bool IsOfTheRow(std::string_view sqlstate);

// How a step meets rows that others have locked.
enum class Care {
  kWait,        // for as long as a lock may be waited for
  kSkipLocked,  // leave them for later
};

struct Step {
  std::int64_t rows = 0;     // taken
  std::int64_t updated = 0;  // of those
  bool ends_pass = false;    // commit now: what follows needs the room that this one has left
};

// What a lane tells of a batch.
struct BatchFacts {
  std::int64_t updated = 0;
  std::int64_t rows = 0;             // looked at
  std::int64_t took_ms = 0;          // so far: it is told before the commit
  std::int64_t longest_ms = 0;       // that any of this lane has taken
  std::int64_t rows_per_second = 0;  // over the last minute
};

// One range of the table. Its position is in memory and, committed with the rows, in headway.backfill_range.
class RangeWalk {
 public:
  virtual ~RangeWalk() = default;

  enum class Found { kRows, kNone, kEnd };
  // Reads which rows come next; `batch_rows`: how many a batch is likely to have. kNone: none that matches in this part
  // of the range. REQUIRES: an open unit, and no row left of the last read that was not reverted. The same unit for all
  // that follows but Advance() and Revert().
  virtual Found Read(std::int64_t batch_rows) = 0;
  // Whether rows of the last read are left.
  virtual bool HasRows() const = 0;
  // Updates the next rows, `most` of them at most.
  virtual Step Take(std::int64_t most, Care care) = 0;
  // Writes the position behind what has been taken.
  virtual void Save(const BatchFacts& facts) = 0;
  // The unit has been committed, or rolled back.
  virtual void Advance() noexcept = 0;
  virtual void Revert() noexcept = 0;

  // The next row, as messages show it: "id = 4711". REQUIRES: as for Take().
  virtual std::string DescribeNext() = 0;
  // Notes the next row as one that fails and goes on behind it.
  virtual void PassOver(const core::ErrorReport& error) = 0;
  // Rows that were locked when it was their turn, and are to be taken at the end.
  virtual bool HasSkipped() const = 0;
  // One of them.
  virtual Step TakeSkipped() = 0;
  virtual std::string DescribeSkipped() = 0;
  virtual void PassOverSkipped(const core::ErrorReport& error) = 0;
  // `longest_ms`: as in BatchFacts.
  virtual void Finish(std::int64_t longest_ms) = 0;
};

enum class Request { kRun, kPause, kCancel };

// What people have asked of a job, its limits included.
struct Orders {
  Request request = Request::kRun;
  BackfillSettings settings;
};

class BackfillJob {
 public:
  virtual ~BackfillJob() = default;
  virtual std::string name() const = 0;
  // REQUIRES of all that follows: an open unit.
  // The next range that nobody walks; null: there is none.
  virtual std::unique_ptr<RangeWalk> TakeRange() = 0;
  virtual Orders LoadOrders() = 0;
  // What this lane waits for now, for those who watch; empty: nothing any more.
  virtual void NoteWait(const std::string& what, const std::string& detail) = 0;
  // Whether the table of the range that was taken last is called otherwise now: the statements of its walk name it.
  virtual bool WasRenamed() = 0;
  // Who has locked the table that this lane walks.
  virtual std::string DescribeLockHolders() = 0;
  // "47 % through, about 12 s left", of all lanes.
  virtual std::string DescribeProgress() = 0;
};

struct LaneOptions {
  core::RetryPolicy retry;
  std::optional<std::int64_t> until_ms;  // on the clock; nothing begins later
  bool pass_over_failures = false;       // a row that fails is noted instead of ending the lane
  std::string failure_hint;              // what to do about a row that fails: a HINT
  bool alone = true;                     // no other lane works on the job
  bool speaks = true;                    // tells its client of the progress
  std::int64_t notice_every_ms = 2'000;
  // Rows of the first step, before anything is known of how long a row takes: it may have megabytes in TOAST. Steps
  // double within milliseconds.
  std::int64_t first_step = 8;
};

struct LaneResult {
  std::int64_t rows = 0;
  std::int64_t batches = 0;
  std::int64_t longest_ms = 0;
  bool time_is_up = false;
};

class Backfiller {
 public:
  // `between` is called with nothing open, after each batch and while it waits.
  Backfiller(Session& session, Clock& clock, Reporter& reporter, BackfillJob& job, LaneOptions options,
             Throttle throttle, std::function<void()> between);

  // Walks ranges until none is free, or the time is up.
  LaneResult Run();

 private:
  void WalkRange(RangeWalk& walk);
  bool MayTakeAgain(const core::Error& error);
  void RetryForLocks(RangeWalk& walk, const std::function<void()>& body);
  bool ReadNext(RangeWalk& walk);
  RangeWalk::Found TryRead(RangeWalk& walk);
  void RunBatch(RangeWalk& walk);
  void TryBatch(RangeWalk& walk);
  void TryOnce(RangeWalk& walk, Care care);
  bool GoesOn(const RangeWalk& walk, std::int64_t began_us, std::int64_t last_step_us);
  std::optional<core::Error> Narrow(RangeWalk& walk, const core::Error& error);
  core::Error Named(const core::Error& error, const std::string& row) const;
  void TakeSkipped(RangeWalk& walk);
  void TrySkipped(RangeWalk& walk);
  BatchFacts Facts(std::int64_t updated, std::int64_t rows, std::int64_t began_us);
  bool BetweenBatches();
  void Pause();
  void HeedRequest();
  void HeedThrottle();
  void WaitFor(const Wait& wait);
  bool IsWorthNoting(const std::string& what);
  void NoteWait(const std::string& what, const std::string& detail);
  void WaitForLock(std::int64_t pause_ms);
  void EndWait();
  void Count(std::int64_t updated, std::int64_t began_us);
  void SayProgress();
  bool TimeIsUp();
  std::int64_t BatchRows() const;
  std::int64_t BatchUs() const;

  Session& session_;
  Clock& clock_;
  Reporter& reporter_;
  BackfillJob& job_;
  LaneOptions options_;
  Throttle throttle_;
  std::function<void()> between_;
  LockRetry retry_;
  BackfillSettings settings_;
  LaneResult result_;
  core::RateMeter rate_;

  std::int64_t step_rows_;               // of the next step
  std::optional<std::int64_t> at_most_;  // rows of a batch, while a failure is being narrowed down
  std::int64_t suspects_ = 0;            // rows among which it is
  std::int64_t tried_ = 0;               // rows of the batch that is being tried
  int conflicts_ = 0;                    // in a row
  bool pause_is_due_ = false;            // a batch has been done since the last one
  std::int64_t looked_ms_ = 0;           // for requests and settings
  std::int64_t noticed_ms_ = 0;
  std::int64_t saved_ms_ = 0;
  std::int64_t waits_since_ms_ = 0;
  std::string noted_wait_, noted_detail_;
  std::int64_t noted_ms_ = 0;
};

}  // namespace headway::engine
