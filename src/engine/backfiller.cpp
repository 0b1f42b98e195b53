#include "engine/backfiller.hpp"

#include <algorithm>
#include <limits>

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "engine/unit.hpp"

namespace headway::engine {

namespace {

using core::Error;
using core::Format;

constexpr core::BatchLimits kStepLimits;
constexpr std::int64_t kLookEveryMs = 250;
constexpr std::int64_t kPollMs = 200;
constexpr std::int64_t kNoteWaitAfterMs = 500;
constexpr std::int64_t kNoteAgainMs = 5'000;  // how far behind a standby is changes all the time
constexpr std::int64_t kSaveEveryMs = 1'000;
constexpr int kMostConflicts = 20;
constexpr char kLock[] = "lock";

}  // namespace

bool IsOfTheRow(std::string_view sqlstate) {
  for (const std::string_view of_the_row : {"21", "22", "23", "2F", "38", "39", "44", "P0"}) {
    if (sqlstate.substr(0, 2) == of_the_row) return true;
  }
  return false;
}

Backfiller::Backfiller(Session& session, Clock& clock, Reporter& reporter, BackfillJob& job, LaneOptions options,
                       Throttle throttle, std::function<void()> between)
    : session_(session),
      clock_(clock),
      reporter_(reporter),
      job_(job),
      options_(options),
      throttle_(std::move(throttle)),
      between_(std::move(between)),
      retry_(session, clock, reporter, options.retry),
      step_rows_(options.first_step) {}

LaneResult Backfiller::Run() {
  noticed_ms_ = saved_ms_ = clock_.NowMs();
  while (BetweenBatches()) {
    Unit taking(session_);
    const std::unique_ptr<RangeWalk> walk = job_.TakeRange();
    taking.Commit();
    if (!walk) break;
    std::optional<Error> failure;
    try {
      WalkRange(*walk);
    } catch (const Error& error) {
      failure = error;
    }
    if (failure && !MayTakeAgain(*failure)) throw Error(*failure);
  }
  EndWait();
  return result_;
}

// What was committed is in the range's row: taken again, it goes on there, by the table's new name.
bool Backfiller::MayTakeAgain(const Error& error) {
  if (!error.Is(core::sqlstate::kUndefinedTable)) return false;
  session_.Rollback();
  Unit looking(session_);
  const bool renamed = job_.WasRenamed();
  looking.Commit();
  return renamed;
}

void Backfiller::WalkRange(RangeWalk& walk) {
  while (ReadNext(walk)) {
    while (walk.HasRows()) {
      RunBatch(walk);
      if (!BetweenBatches()) return;
    }
  }
  if (result_.time_is_up) return;
  while (walk.HasSkipped()) {
    TakeSkipped(walk);
    if (!BetweenBatches()) return;
  }
  Unit finishing(session_);
  walk.Finish(result_.longest_ms);
  finishing.Commit();
}

// Once the time is up, nothing is tried any more. Whoever calls it looks for that.
void Backfiller::RetryForLocks(RangeWalk& walk, const std::function<void()>& body) {
  LockRetry::Work work;
  work.name = Format("backfill \"%1%\"", job_.name());
  work.body = [&] {
    if (TimeIsUp()) return;
    try {
      body();
    } catch (const Error&) {
      walk.Revert();
      throw;
    }
  };
  work.pause = [&](std::int64_t pause_ms) { WaitForLock(pause_ms); };
  retry_.Run(work);
}

// False at the end of the range, or of the time.
bool Backfiller::ReadNext(RangeWalk& walk) {
  for (;;) {
    RangeWalk::Found found = RangeWalk::Found::kNone;
    try {
      RetryForLocks(walk, [&] { found = TryRead(walk); });
    } catch (const Error& error) {
      if (!error.Is(core::sqlstate::kSerializationFailure) || ++conflicts_ > kMostConflicts) throw;
    }
    if (found != RangeWalk::Found::kNone) return found == RangeWalk::Found::kRows;
    if (!BetweenBatches()) return false;
  }
}

RangeWalk::Found Backfiller::TryRead(RangeWalk& walk) {
  session_.Begin();
  session_.BeginScript(options_.retry.lock_timeout_ms);
  const RangeWalk::Found found = walk.Read(BatchRows());
  session_.EndScript();
  const std::int64_t now = clock_.NowMs();
  const bool save = found == RangeWalk::Found::kNone && now - saved_ms_ >= kSaveEveryMs;
  if (save) walk.Save(Facts(0, 0, clock_.NowUs()));
  session_.Commit();
  if (save) saved_ms_ = now;
  walk.Advance();
  return found;
}

BatchFacts Backfiller::Facts(std::int64_t updated, std::int64_t rows, std::int64_t began_us) {
  const std::int64_t took_ms = (clock_.NowUs() - began_us) / 1'000;
  return {updated, rows, took_ms, std::max(took_ms, result_.longest_ms), rate_.PerSecond(clock_.NowMs())};
}

std::int64_t Backfiller::BatchRows() const {
  if (settings_.batch_size) return *settings_.batch_size;
  return std::max<std::int64_t>(1, step_rows_ * BatchUs() / kStepLimits.target_us);
}

// As long as a batch is open, what the batches of other lanes have replaced cannot be taken away.
std::int64_t Backfiller::BatchUs() const {
  constexpr std::int64_t kShareBesideOthers = 4;
  const std::int64_t target_us = settings_.target_batch_ms * 1'000;
  return options_.alone ? target_us : target_us / kShareBesideOthers;
}

void Backfiller::RunBatch(RangeWalk& walk) {
  std::optional<Error> failure;
  try {
    RetryForLocks(walk, [&] { TryBatch(walk); });
    conflicts_ = 0;
    return;
  } catch (const Error& error) {
    failure = error;
  }
  // It is tried again, smaller, after a look at what has been asked meanwhile.
  failure = Narrow(walk, *failure);
  if (failure) throw Error(*failure);
}

// A row that others hold is not waited for again: the rest of the batch is done without it.
void Backfiller::TryBatch(RangeWalk& walk) {
  try {
    TryOnce(walk, Care::kWait);
    return;
  } catch (const Error& error) {
    if (error.Is(core::sqlstate::kDeadlockDetected)) {
      suspects_ = tried_;
      at_most_ = std::max<std::int64_t>(1, tried_ / 2);
    }
    if (!error.Is(core::sqlstate::kLockNotAvailable)) throw;
  }
  session_.Rollback();
  walk.Revert();
  TryOnce(walk, Care::kSkipLocked);
}

void Backfiller::TryOnce(RangeWalk& walk, Care care) {
  tried_ = 0;
  std::int64_t updated = 0;
  session_.Begin();
  session_.BeginScript(options_.retry.lock_timeout_ms);
  const std::int64_t began_us = clock_.NowUs();
  const std::int64_t most = std::min(at_most_.value_or(std::numeric_limits<std::int64_t>::max()),
                                     settings_.batch_size.value_or(std::numeric_limits<std::int64_t>::max()));
  for (;;) {
    const std::int64_t rows = std::min(step_rows_, most - tried_);
    const std::int64_t before_us = clock_.NowUs();
    tried_ += rows;  // before it is tried: should it fail, the row that fails is among these
    const Step step = walk.Take(rows, care);
    tried_ += step.rows - rows;
    updated += step.updated;
    const std::int64_t took_us = clock_.NowUs() - before_us;
    if (step.rows == step_rows_ || took_us > kStepLimits.target_us) {
      step_rows_ = core::NextBatchSize(std::min(step.rows, step_rows_), took_us, kStepLimits);
    }
    if (step.ends_pass || tried_ >= most || !GoesOn(walk, began_us, took_us)) break;
  }
  session_.EndScript();
  walk.Save(Facts(updated, tried_, began_us));
  session_.Commit();
  walk.Advance();
  Count(updated, began_us);
}

bool Backfiller::GoesOn(const RangeWalk& walk, std::int64_t began_us, std::int64_t last_step_us) {
  if (!walk.HasRows()) return false;
  if (clock_.NowUs() - began_us + last_step_us > BatchUs()) return false;
  return !session_.SomebodyWaits();
}

void Backfiller::Count(std::int64_t updated, std::int64_t began_us) {
  result_.rows += updated;
  ++result_.batches;
  pause_is_due_ = true;
  result_.longest_ms = std::max(result_.longest_ms, (clock_.NowUs() - began_us) / 1'000);
  saved_ms_ = clock_.NowMs();
  rate_.Add(saved_ms_, updated);
  if (!at_most_) return;
  suspects_ -= tried_;
  if (suspects_ > 0) return;
  // Where one row has failed the next is often near: the batches grow again from there.
  suspects_ = 0;
  at_most_ = *at_most_ * 2;
  if (*at_most_ >= BatchRows()) at_most_.reset();
}

// A batch that fails for the sake of a row is tried in halves, until it is the row alone. Nothing: go on.
std::optional<Error> Backfiller::Narrow(RangeWalk& walk, const Error& error) {
  const std::string& sqlstate = error.report().sqlstate;
  if (sqlstate == core::sqlstate::kSerializationFailure) {
    if (++conflicts_ > kMostConflicts) return error;
    suspects_ = tried_;
    at_most_ = std::max<std::int64_t>(1, tried_ / 2);
    clock_.Sleep(static_cast<std::int64_t>(clock_.Random() * 100));
    return std::nullopt;
  }
  if (!IsOfTheRow(sqlstate)) return error;
  if (tried_ > 1) {
    suspects_ = tried_;
    at_most_ = (tried_ + 1) / 2;
    return std::nullopt;
  }
  Unit noting(session_);
  if (!options_.pass_over_failures) return Named(error, walk.DescribeNext());
  walk.PassOver(error.report());
  walk.Save(Facts(0, 1, clock_.NowUs()));
  noting.Commit();
  walk.Advance();
  at_most_ = 1;
  suspects_ = 0;
  return std::nullopt;
}

Error Backfiller::Named(const Error& error, const std::string& row) const {
  Error named = error;
  core::ErrorReport& report = named.report();
  report.detail += Format("%1%The row: %2%.", report.detail.empty() ? "" : "\n", row);
  if (report.hint.empty()) report.hint = options_.failure_hint;
  return named;
}

void Backfiller::TakeSkipped(RangeWalk& walk) {
  std::optional<Error> failure;
  try {
    RetryForLocks(walk, [&] { TrySkipped(walk); });
    return;
  } catch (const Error& error) {
    failure = error;
  }
  if (!IsOfTheRow(failure->report().sqlstate) || !walk.HasSkipped()) throw Error(*failure);
  Unit noting(session_);
  if (!options_.pass_over_failures) throw Named(*failure, walk.DescribeSkipped());
  walk.PassOverSkipped(failure->report());
  walk.Save(Facts(0, 1, clock_.NowUs()));
  noting.Commit();
  walk.Advance();
}

void Backfiller::TrySkipped(RangeWalk& walk) {
  // What fails behind the commit is tried again too.
  if (!walk.HasSkipped()) return;
  tried_ = 1;
  session_.Begin();
  session_.BeginScript(options_.retry.lock_timeout_ms);
  const std::int64_t began_us = clock_.NowUs();
  const Step step = walk.TakeSkipped();
  session_.EndScript();
  walk.Save(Facts(step.updated, step.rows, began_us));
  session_.Commit();
  walk.Advance();
  Count(step.updated, began_us);
}

bool Backfiller::TimeIsUp() {
  if (options_.until_ms && clock_.NowMs() >= *options_.until_ms) result_.time_is_up = true;
  return result_.time_is_up;
}

// False: the time is up.
bool Backfiller::BetweenBatches() {
  between_();
  if (TimeIsUp()) return false;
  if (clock_.NowMs() - looked_ms_ >= kLookEveryMs) HeedRequest();
  HeedThrottle();
  EndWait();
  Pause();
  SayProgress();
  return !TimeIsUp();
}

// In short lengths: it may be asked for something meanwhile, a shorter pause for instance.
void Backfiller::Pause() {
  if (!pause_is_due_) return;
  pause_is_due_ = false;
  const std::int64_t began_ms = clock_.NowMs();
  for (;;) {
    const std::int64_t left = settings_.pause_ms - (clock_.NowMs() - began_ms);
    if (settings_.pause_ms <= 0 || left <= 0 || TimeIsUp()) return;
    clock_.Sleep(std::min(left, kPollMs));
    between_();
    if (clock_.NowMs() - looked_ms_ >= kLookEveryMs) HeedRequest();
  }
}

void Backfiller::HeedRequest() {
  for (;;) {
    Unit looking(session_);
    const Orders orders = job_.LoadOrders();
    looking.Commit();
    settings_ = orders.settings;
    const Request request = orders.request;
    looked_ms_ = clock_.NowMs();
    if (request == Request::kRun) return;
    if (request == Request::kCancel) {
      throw Error(core::sqlstate::kQueryCanceled, Format("backfill \"%1%\" was cancelled", job_.name()),
                  "Somebody has called safe_backfill_cancel(). What was committed stays.",
                  "Call it again to go on where it stopped, or safe_backfill_forget() to start over.");
    }
    WaitFor({"pause", "paused by safe_backfill_pause(), until safe_backfill_resume()", kPollMs});
    if (TimeIsUp()) return;
  }
}

void Backfiller::HeedThrottle() {
  while (!result_.time_is_up) {
    const std::optional<Wait> wait = throttle_(settings_);
    if (!wait) return;
    WaitFor(*wait);
    if (TimeIsUp()) return;
    if (clock_.NowMs() - looked_ms_ >= kLookEveryMs) HeedRequest();
  }
}

void Backfiller::WaitFor(const Wait& wait) {
  if (IsWorthNoting(wait.what)) {
    NoteWait(wait.what, wait.detail);
    const std::string text = Format("backfill \"%1%\" waits: %2%", job_.name(), wait.detail);
    reporter_.Activity(text);
    if (options_.speaks) reporter_.Notice(text);
  } else if (noted_wait_ == wait.what && noted_detail_ != wait.detail && clock_.NowMs() - noted_ms_ >= kNoteAgainMs) {
    NoteWait(wait.what, wait.detail);
  }
  clock_.Sleep(std::clamp<std::int64_t>(wait.again_ms, 1, kPollMs));
  between_();
}

bool Backfiller::IsWorthNoting(const std::string& what) {
  const std::int64_t now = clock_.NowMs();
  if (waits_since_ms_ == 0) waits_since_ms_ = now;
  return noted_wait_ != what && now - waits_since_ms_ >= kNoteWaitAfterMs;
}

void Backfiller::NoteWait(const std::string& what, const std::string& detail) {
  Unit noting(session_);
  job_.NoteWait(what, detail);
  noting.Commit();
  noted_wait_ = what;
  noted_detail_ = detail;
  noted_ms_ = clock_.NowMs();
}

// Between two tries; what people ask of the job meanwhile is heeded.
void Backfiller::WaitForLock(std::int64_t pause_ms) {
  const std::int64_t until_ms = clock_.NowMs() + pause_ms;
  for (;;) {
    if (IsWorthNoting(kLock)) {
      Unit looking(session_);
      const std::string holders = job_.DescribeLockHolders();
      looking.Commit();
      NoteWait(kLock, holders.empty() ? "rows of the table, locked by others" : holders);
    }
    const std::int64_t left = until_ms - clock_.NowMs();
    if (left <= 0 || TimeIsUp()) return;
    clock_.Sleep(std::min(left, kPollMs));
    between_();
    if (clock_.NowMs() - looked_ms_ >= kLookEveryMs) HeedRequest();
  }
}

void Backfiller::EndWait() {
  waits_since_ms_ = 0;
  if (!noted_wait_.empty()) NoteWait({}, {});
}

void Backfiller::SayProgress() {
  const std::int64_t now = clock_.NowMs();
  if (now - noticed_ms_ < options_.notice_every_ms) return;
  noticed_ms_ = now;
  if (!options_.speaks) return;
  Unit looking(session_);
  const std::string progress = job_.DescribeProgress();
  looking.Commit();
  const std::string text = Format("backfill \"%1%\": %2%", job_.name(), progress);
  reporter_.Activity(text);
  reporter_.Notice(text);
}

}  // namespace headway::engine
