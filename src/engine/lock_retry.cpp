#include "engine/lock_retry.hpp"

#include <algorithm>
#include <optional>

#include "core/duration.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "engine/unit.hpp"

namespace headway::engine {

namespace {

using core::Duration;
using core::Error;
using core::Format;
using core::StatementClass;

constexpr std::int64_t kSayWaitingAgainAfterMs = 10'000;
constexpr char kLocksOfEarlierStay[] =
    "Locks that your transaction has taken already stay, and stall others meanwhile. Call it as a statement of its own "
    "to hold nothing.";

// What happened in the last try, when its message gives way to that of all tries.
std::string DetailOf(const core::ErrorReport& report) {
  std::string text = report.message;
  if (!report.context.empty()) text += Format(" (%1%)", report.context);
  if (!report.detail.empty()) text += "\n" + report.detail;
  return text;
}

}  // namespace

void LockRetry::Run(const Work& work) {
  waiting_since_ms_ = noticed_ms_ = clock_.NowMs();
  tries_ = 1;
  queued_ = 0;
  in_queue_ = true;
  for (;;) {
    std::optional<Error> failure;
    try {
      work.body();
      return;
    } catch (const Error& error) {
      failure = error;
    }
    session_.Rollback();
    if (Pause(work, *failure)) continue;
    work.explain(*failure);
    if (core::IsRetryable(failure->report().sqlstate)) Exhausted(work, failure->report());
    work.failed(*failure);
    throw Error(*failure);
  }
}

void LockRetry::Exhausted(const Work& work, core::ErrorReport& report) const {
  report.detail = blockers_.empty() ? DetailOf(report) : blockers_;
  report.message = Format("the %1% did not get its locks in %2% within %3%", work.name,
                          tries_ == 1 ? std::string("one try") : Format("%1% tries", tries_),
                          Duration(clock_.NowMs() - waiting_since_ms_));
  // As pg_stat_activity shows it to those who may see it.
  if (blockers_.find("(to prevent wraparound)") != std::string::npos) {
    report.hint =
        "Nothing of this try is left behind. An autovacuum that prevents transaction ID wraparound is in the way: it "
        "does not give way, and would begin again. Let it finish, then run this again; or raise headway.lock_retry.";
    return;
  }
  report.hint =
      "Nothing of this try is left behind. When those in the way have ended, by themselves or by "
      "pg_terminate_backend(pid), run it again; or raise headway.lock_retry.";
}

// Behind a transaction that stays it does not queue at all: that would only stall everyone else. Once the unit holds
// locks, hovering stalls those who wait for them, so it is kept as short as a wait in a queue.
void LockRetry::TakeLocks(const core::Statement& statement, bool holds_locks) {
  in_queue_ = false;
  const std::int64_t queue_ms = QueueMs();
  const std::int64_t hover_ms = holds_locks && queue_ms != 0 ? std::min(policy_.hover_ms, queue_ms) : policy_.hover_ms;
  const LockOutcome outcome = session_.Hover(statement, hover_ms);
  in_queue_ = outcome != LockOutcome::kHeld || queue_ms == 0 || policy_.hover_ms == 0;
  if (in_queue_) return;
  throw Error(core::sqlstate::kLockNotAvailable, "a lock is held by a transaction that goes on");
}

void LockRetry::DropLeftovers(const core::Statement& statement) {
  if (statement.kind != StatementClass::kConcurrently) return;
  for (const std::string& index : session_.DropInvalidIndexes(statement)) {
    reporter_.Notice(Format("dropped the invalid index \"%1%\" that a failed try had left behind", index));
  }
}

void LockRetry::RunTopLevel(const core::Statement& statement) {
  DropLeftovers(statement);
  if (statement.kind == StatementClass::kTopLevel) {
    Unit looking(session_);
    TakeLocks(statement, false);
    looking.Commit();
  }
  session_.RunTopLevel(statement, LockTimeoutFor(statement));
}

// CONCURRENTLY waits for every older transaction by design, and a backfill keeps its own short waits.
std::int64_t LockRetry::LockTimeoutFor(const core::Statement& statement) const {
  if (statement.kind == StatementClass::kConcurrently) return policy_.concurrently_timeout_ms;
  if (statement.kind == StatementClass::kOwnTransactions) return 0;
  return QueueMs();
}

// Who is in the way, while they still are. Failing to find out must not hide what happened.
std::string LockRetry::Blockers() {
  try {
    Unit unit(session_);
    std::string blockers = session_.DescribeBlockers();
    unit.Commit();
    return blockers;
  } catch (const Error& error) {
    if (error.Is(core::sqlstate::kQueryCanceled)) throw;
    return {};
  }
}

// At the first wait, then ever more rarely.
void LockRetry::SayWaiting(const Work& work, const Error& error) {
  const std::int64_t now = clock_.NowMs();
  const std::int64_t waited = now - waiting_since_ms_;
  if (tries_ > 2 && now - noticed_ms_ < std::max(kSayWaitingAgainAfterMs, waited / 2)) return;
  noticed_ms_ = now;
  const std::string detail = blockers_.empty() ? error.report().message : blockers_;
  reporter_.Activity(Format("the %1% waits for a lock", work.name));
  if (tries_ == 2) {
    reporter_.Notice(Format("the %1% has to wait for a lock; trying again for up to %2%", work.name,
                            Duration(policy_.lock_retry_ms)),
                     detail, session_.owns_transactions() ? "" : kLocksOfEarlierStay);
  } else {
    reporter_.Notice(Format("the %1% has waited for a lock for %2%", work.name, Duration(waited)), detail);
  }
}

bool LockRetry::Pause(const Work& work, const Error& error) {
  if (!core::IsRetryable(error.report().sqlstate)) return false;
  if (in_queue_) ++queued_;
  try {
    blockers_ = Blockers();
    const std::int64_t elapsed = clock_.NowMs() - waiting_since_ms_;
    const auto pause = core::PauseBeforeRetry(policy_, queued_, elapsed, clock_.Random());
    if (!pause) return false;
    ++retries_;
    ++tries_;
    SayWaiting(work, error);
    if (work.pause) {
      work.pause(*pause);
    } else {
      clock_.Sleep(*pause);
    }
  } catch (const Error& interrupt) {
    work.failed(interrupt);
    throw;
  }
  return true;
}

}  // namespace headway::engine
