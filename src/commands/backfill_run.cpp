#include "commands/backfill_run.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "adapters/backfill_lane.hpp"
#include "adapters/backfill_log.hpp"
#include "adapters/backfill_skipped.hpp"
#include "adapters/engine_ports.hpp"
#include "adapters/sessions.hpp"
#include "commands/backfill_plan.hpp"
#include "commands/backfill_space.hpp"
#include "core/byte_size.hpp"
#include "core/duration.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "core/sweep.hpp"
#include "engine/lock_retry.hpp"
#include "engine/unit.hpp"
#include "pg/backend.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/process/runner_lock.hpp"
#include "pg/process/worker.hpp"
#include "pg/process/worker_team.hpp"
#include "pg/settings.hpp"
#include "pg/text.hpp"

namespace headway::server {

namespace {

using core::Error;
using core::Format;
using engine::Unit;
namespace sqlstate = core::sqlstate;

constexpr std::int64_t kPauseForOthersMs = 500;
constexpr char kUnchangedDetail[] =
    "They match and nobody holds them; a BEFORE trigger of the table has returned NULL.";

std::string RowsOf(std::int64_t rows) { return Format("%1% %2%", rows, rows == 1 ? "row" : "rows"); }

bool WasInterrupted(const Error& error) {
  return core::EventOfError(error.report().sqlstate, false) == core::JobEvent::kInterrupted;
}

// A worker that its leader has cancelled knows of a cancel only; why is the leader's error.
core::ErrorReport WithReason(const Error& error) {
  const std::optional<core::ErrorReport> reason = WasInterrupted(error) ? pg::WhyStopped() : std::nullopt;
  core::ErrorReport report = error.report();
  if (reason) report.message = reason->message;
  return report;
}

class BackfillRun {
 public:
  explicit BackfillRun(const BackfillOrder& order) : order_(order), definition_(order_.definition) {}

  // False: there is nothing to be done now.
  bool Prepare();
  bool Open();
  std::int64_t Run();

 private:
  const std::string& name() const { return definition_.name; }
  std::string Title() const { return Format("%1% \"%2%\"", NounOf(definition_), name()); }
  const char* Participle() const { return definition_.deletes ? "deleted" : "updated"; }
  // As one unit, tried again while the table is locked by others. False: the time was up before it could be done.
  bool InUnit(const std::function<void()>& body);
  bool Busy();
  bool MayGoOn(const JobRecord& job);
  bool TriesFailedRowsAgain();
  void Walk();
  bool Begin();
  bool Start();
  bool WalkSweep();
  void PlanSweep();
  void WalkRanges();
  void WalkTogether();
  void GoByKey(const Error& error);
  std::optional<core::AfterSweep> Judge();
  void StopForTime();
  void SayTimeIsUp();
  void Finish(bool all);
  void WarnOfSkipped(const SkippedSums& skipped);
  std::string UnchangedHint() const;
  void SayPlan(const BackfillPlan& plan);
  void WaitForOthers();
  bool TableIsGone();
  void NoteFailure(const core::ErrorReport& error) noexcept;
  CallSums SumCall();
  std::string DescribeRoom(const JobTotals& totals) const;

  BackfillOrder order_;
  BackfillDefinition& definition_;
  WorkerSession session_;
  BackendClock clock_;
  BackendReporter backend_reporter_;
  engine::Reporter& reporter_ = backend_reporter_;
  std::string strategy_;  // of the sweep that goes on
  int sweep_ = 0;
  std::int64_t updated_before_ = 0;
  bool idle_before_ = false;
  int sweeps_ = 0;  // of this call, but those that have found only rows that others hold
  std::int64_t waits_since_ms_ = 0;
  std::int64_t sweep_began_ms_ = 0;
  std::int64_t unchanged_rows_ = 0;  // of the last sweep
  bool marked_done_ = false;
  bool none_left_ = false;   // no row matches the condition
  bool tries_once_ = false;  // for locks
  bool time_is_up_ = false;
  bool more_sweeps_ = true;
  std::optional<SpaceKeeper> space_;
  std::int64_t rows_ = 0;  // of this call
  std::int64_t started_ms_ = 0;
  std::int64_t call_ = 0;        // its row in headway.backfill_call; 0: it has none
  JobTotals before_;             // when it began
  std::int64_t longest_ms_ = 0;  // of its batches, up to the end of the last sweep
};

bool BackfillRun::Busy() {
  if (pg::TryJobLock(name())) return false;
  (void)LoadJob(definition_);  // another one of that name is an error
  if (definition_.required) {
    throw Error(sqlstate::kLockNotAvailable, Format("%1% is being run by another call", Title()),
                pg::DescribeJobHolder(name()), "Wait for it to end, then run it again.");
  }
  reporter_.Notice(Format("%1% is already running", Title()), pg::DescribeJobHolder(name()), "See headway.progress.");
  return true;
}

// REQUIRES: an open unit.
bool BackfillRun::MayGoOn(const JobRecord& job) {
  if (job.request == engine::Request::kPause) {
    const std::string hint = Format("SELECT safe_backfill_resume(%1%), then call it again.", pg::QuoteLiteral(name()));
    if (definition_.required) {
      throw Error(sqlstate::kObjectNotInPrerequisiteState, Format("%1% is paused", Title()), {}, hint);
    }
    reporter_.Notice(Format("%1% is paused", Title()), {}, hint);
    return false;
  }
  if (job.state != core::JobState::kDone) return true;
  const bool again = definition_.deletes || (!definition_.where_clause.empty() && job.excludes != false);
  if (again) {
    StartJobOver(name());
    return true;
  }
  if (TriesFailedRowsAgain()) return true;
  if (!definition_.required) {
    reporter_.Notice(Format("%1% is already done", Title()),
                     "Nothing tells the rows that are done from the others, so that a second run would do them twice.",
                     Format("To run it all the same, give its record up: SELECT safe_backfill_forget(%1%).",
                            pg::QuoteLiteral(name())));
  }
  return false;
}

// Of a job that is done but for rows that have failed, and where nothing else tells these from the others: ranges in
// which they alone are left. REQUIRES: an open unit.
bool BackfillRun::TriesFailedRowsAgain() {
  const std::map<std::string, std::vector<std::string>> failed = RowsToTryAgain(name());
  if (failed.empty()) return false;
  std::int64_t rows = 0;
  std::vector<BackfillRange> ranges;
  for (BackfillRange& range : PlanBackfill(definition_, 1).ranges) {
    const auto keys = failed.find(range.relation);
    if (range.strategy != "key" || keys == failed.end() || keys->second.size() % range.key.size() != 0) continue;
    range.skipped = keys->second;
    range.units = static_cast<std::int64_t>(keys->second.size() / range.key.size());
    range.low.clear();
    range.position.assign(keys->second.begin(), keys->second.begin() + static_cast<std::ptrdiff_t>(range.key.size()));
    range.bound = range.position;
    rows += range.units;
    ranges.push_back(std::move(range));
  }
  if (ranges.empty()) return false;
  TryFailedRowsAgain(name());
  for (const BackfillRange& range : ranges) InsertRange(name(), range);
  reporter_.Notice(Format("%1%: trying %2% again that failed", Title(), RowsOf(rows)));
  return true;
}

bool BackfillRun::InUnit(const std::function<void()>& body) {
  core::RetryPolicy policy = PolicyFromSettings(true);
  if (tries_once_) policy.lock_retry_ms = 0;
  engine::LockRetry::Work work;
  work.name = Title();
  work.body = [&] {
    time_is_up_ = order_.until_ms && clock_.NowMs() >= *order_.until_ms;
    if (time_is_up_) return;
    Unit unit(session_);
    session_.BeginScript(policy.lock_timeout_ms);
    body();
    session_.EndScript();
    unit.Commit();
  };
  engine::LockRetry(session_, clock_, reporter_, policy).Run(work);
  return !time_is_up_;
}

// Whoever does not wait for the job does not wait for a lock on its table either: the background will.
bool BackfillRun::Prepare() {
  tries_once_ = true;
  try {
    return Open();
  } catch (const Error& error) {
    if (!error.Is(sqlstate::kLockNotAvailable) || definition_.required) throw;
  }
  session_.Rollback();
  return true;
}

bool BackfillRun::Open() {
  bool open = false;
  if (InUnit([&] { open = Begin(); })) return open;
  // It was over before the job was ours: somebody else may be at it.
  Unit ending(session_);
  if (pg::TryJobLock(name())) MarkLeftBehindStopped(name());
  ending.Commit();
  SayTimeIsUp();
  return false;
}

// REQUIRES: an open unit.
bool BackfillRun::Begin() {
  if (!definition_.named) definition_.name = FindUnnamedJob(definition_).value_or(definition_.name);
  if (Busy()) return false;
  CheckBackfill(definition_);
  const std::optional<JobRecord> job = LoadJob(definition_);
  if (!job) {
    // What cannot be walked leaves no record behind.
    (void)PlanBackfill(definition_, 1);
    CreateJob(definition_, order_.limits);
    return true;
  }
  if (!MayGoOn(*job)) return false;
  ContinueJob(definition_, order_.limits);
  if (job->state != core::JobState::kDone) {
    sweep_ = job->sweep;
    strategy_ = job->strategy;
    reporter_.Notice(Format("%1%: going on after %2%", Title(), RowsOf(LoadTotals(name()).rows)));
  }
  return true;
}

std::int64_t BackfillRun::Run() {
  if (!Open()) return 0;
  started_ms_ = clock_.NowMs();
  std::optional<Error> failure;
  try {
    Walk();
  } catch (const Error& error) {
    failure = error;
  }
  if (failure) {
    session_.Rollback();
    // It is left as a crash leaves it: interrupted, and taken up again by headway.autoresume.
    if (WasInterrupted(*failure) && pg::ServerIsStopping()) throw Error(*failure);
    if (!WasInterrupted(*failure) && TableIsGone()) {
      failure = Error(sqlstate::kUndefinedTable, Format("the table of %1% was dropped while it was at work", Title()),
                      {}, Format("To give the job up: SELECT safe_backfill_forget(%1%).", pg::QuoteLiteral(name())));
    }
    NoteFailure(WithReason(*failure));
    throw Error(*failure);
  }
  return rows_;
}

bool BackfillRun::TableIsGone() {
  Unit looking(session_);
  const bool gone = pg::QualifiedName(definition_.relation).empty();
  looking.Commit();
  return gone;
}

void BackfillRun::NoteFailure(const core::ErrorReport& error) noexcept {
  engine::RecordFailureInUnit(session_, [&] {
    const CallSums sums = SumCall();
    const core::JobState state = MarkJobFailed(name(), error);
    if (call_ != 0) EndCall(call_, core::NameOf(state), error.message, sums);
  });
}

void BackfillRun::Walk() {
  more_sweeps_ = Start();
  while (more_sweeps_) {
    if (!WalkSweep()) return;
  }
}

// With the ranges that an earlier call has left, or the first ones. False: there is nothing to be done.
bool BackfillRun::Start() {
  space_.emplace(session_, reporter_, definition_);
  bool none = false;
  const bool looked = InUnit([&] {
    none = false;
    if (SumRanges(name()).ranges > 0) return;
    none = none_left_ = !definition_.where_clause.empty() && AnyLeft(definition_) == core::Left::kNone;
    if (!none && sweep_ == 0) NoteSizes(name(), TableBytesOf(definition_.relation), IndexBytesOf(definition_.relation));
  });
  if (looked && !none) {
    Unit noting(session_);
    before_ = LoadTotals(name());
    call_ = BeginCall(definition_, order_.workers, order_.until_ms, before_.rows);
    noting.Commit();
  }
  if (!looked) StopForTime();
  if (none) Finish(true);
  return looked && !none;
}

// REQUIRES: an open unit.
void BackfillRun::PlanSweep() {
  if (SumRanges(name()).ranges > 0) return;
  const BackfillPlan plan = PlanBackfill(definition_, order_.workers);
  for (const BackfillRange& range : plan.ranges) InsertRange(name(), range);
  strategy_ = plan.strategy;
  BeginSweep(name(), sweep_ + 1, strategy_);
  ++sweep_;
  SayPlan(plan);
}

// False: the call ends here, with or without the job.
bool BackfillRun::WalkSweep() {
  sweep_began_ms_ = clock_.NowMs();
  if (InUnit([&] { PlanSweep(); })) WalkRanges();
  const std::optional<core::AfterSweep> next = time_is_up_ ? std::nullopt : Judge();
  if (!next) {
    StopForTime();
    return false;
  }
  switch (*next) {
    case core::AfterSweep::kDone:
      Finish(true);
      return false;
    case core::AfterSweep::kGiveUp:
      Finish(false);
      return false;
    case core::AfterSweep::kWait:
      WaitForOthers();
      return true;
    case core::AfterSweep::kAgain:
      waits_since_ms_ = 0;
      return true;
  }
  return false;
}

void BackfillRun::SayPlan(const BackfillPlan& plan) {
  if (plan.ranges.empty()) return;
  std::string text = Format("%1%: walking %2% %3%", Title(), pg::QualifiedName(definition_.relation), plan.how);
  if (sweep_ > 2) return;
  if (sweep_ == 2) text += ", once more for rows that came or moved meanwhile";
  if (plan.ranges.size() > 1) text += Format(", in %1% ranges", plan.ranges.size());
  reporter_.Notice(text);
}

// Until no range is open, or the time is up.
void BackfillRun::WalkRanges() {
  for (;;) {
    std::optional<Error> failure;
    try {
      WalkTogether();
    } catch (const Error& error) {
      failure = error;
    }
    if (failure) {
      session_.Rollback();
      GoByKey(*failure);
      if (time_is_up_) return;
      continue;
    }
    if (time_is_up_) return;
    Unit looking(session_);
    const std::int64_t open = SumRanges(name()).open;
    looking.Commit();
    if (open == 0) return;
    // Somebody else has them still: a worker of a call that was killed a moment ago.
    clock_.Sleep(kPauseForOthersMs);
  }
}

void BackfillRun::WalkTogether() {
  pg::WorkerTeam team;
  const LaneOrder lane{definition_, call_, order_.until_ms, order_.workers == 1};
  std::optional<Error> failure;
  try {
    for (int i = 1; i < order_.workers; ++i) {
      if (team.Start(pg::MakeRequest(kLaneVerb, lane))) continue;
      reporter_.Notice(Format("%1%: %2% of %3% workers, as no more are free", Title(), i, order_.workers), {},
                       "Raise max_worker_processes to have more.");
      break;
    }
    const engine::LaneResult mine = WalkLane(session_, lane, true, [&] {
      team.Check();
      space_->Look();
    });
    rows_ += mine.rows;
    rows_ += team.WaitForAll();
    time_is_up_ = mine.time_is_up || (order_.until_ms && clock_.NowMs() >= *order_.until_ms);
  } catch (const Error& error) {
    failure = error;
  }
  if (!failure) return;
  session_.Rollback();
  team.Stop(failure->report());
  throw Error(*failure);
}

// A walk in storage order has met rows that match when they are done. What it has done before does not match, so that
// the rest can be walked by key.
void BackfillRun::GoByKey(const Error& error) {
  if (!error.Is(sqlstate::kBackfillNotExact) || definition_.strategy != "auto" || strategy_ != "ctid") {
    throw Error(error);
  }
  definition_.strategy = "key";
  BackfillPlan plan;
  try {
    const bool planned = InUnit([&] {
      EndSweep(name(), std::nullopt, 0);
      plan = PlanBackfill(definition_, order_.workers);
      for (const BackfillRange& range : plan.ranges) InsertRange(name(), range);
      BeginSweep(name(), sweep_, plan.strategy);
    });
    if (!planned) return;
    strategy_ = plan.strategy;
  } catch (const Error& no_key) {
    if (!no_key.Is(sqlstate::kBackfillNotExact)) throw;
    Error both = error;
    both.report().detail += " " + no_key.report().detail;
    both.report().hint = no_key.report().hint;
    throw both;
  }
  reporter_.Notice(Format("%1%: the rows done still match the where_clause, so it goes on by key", Title()));
}

// Nothing: the time was up.
std::optional<core::AfterSweep> BackfillRun::Judge() {
  SweepSums sums;
  core::SweepFacts facts;
  core::AfterSweep next = core::AfterSweep::kDone;
  bool is_done = false;
  const bool judged = InUnit([&] {
    is_done = false;
    sums = SumRanges(name());
    longest_ms_ = std::max(longest_ms_, LoadTotals(name()).longest_ms);
    facts.sweep = sweeps_ + 1;
    facts.has_condition = !definition_.where_clause.empty();
    facts.excludes = sums.still == 0;
    facts.updated = sums.rows;
    facts.locked = sums.locked;
    facts.unchanged = sums.unchanged;
    facts.updated_before = updated_before_;
    facts.idle_before = idle_before_;
    if (facts.has_condition && facts.excludes) facts.left = AnyLeft(definition_);
    none_left_ = facts.left == core::Left::kNone;
    next = core::JudgeSweep(facts);
    // Where rows that are done no longer match, those that were met and not changed may have moved on, and been done.
    const bool may_be_done = facts.has_condition && facts.excludes && next != core::AfterSweep::kGiveUp;
    unchanged_rows_ = may_be_done ? 0 : sums.unchanged;
    EndSweep(name(), facts.excludes, unchanged_rows_);
    const bool waits = next == core::AfterSweep::kWait;
    NoteJobWait(name(), waits ? "lock" : "", waits ? RowsOf(sums.locked) + " of the table, locked by others" : "");
    // In the same transaction: a job without ranges that is not done would be walked from the beginning, and where
    // nothing tells the rows that are done they would be done twice.
    if (next == core::AfterSweep::kDone && !(definition_.required && unchanged_rows_ > 0)) {
      MarkJobDone(name(), none_left_);
      is_done = true;
    }
  });
  if (!judged) return std::nullopt;
  marked_done_ = is_done;
  updated_before_ = sums.rows;
  idle_before_ = sums.rows == 0 && sums.locked == 0;
  if (next != core::AfterSweep::kWait) ++sweeps_;
  return next;
}

void BackfillRun::WaitForOthers() {
  const std::int64_t now = clock_.NowMs();
  if (waits_since_ms_ == 0) waits_since_ms_ = now;
  const core::RetryPolicy policy = PolicyFromSettings(true);
  if (now - waits_since_ms_ >= policy.lock_retry_ms) {
    throw Error(sqlstate::kLockNotAvailable, Format("%1%: the last rows are locked by others", Title()),
                Format("It has waited for %1%. All other rows are done.", core::Duration(now - waits_since_ms_)),
                "SELECT * FROM migrate_blockers(...) shows who holds them. Call it again later.");
  }
  // A sweep costs something itself: it is not repeated more often than it takes.
  clock_.Sleep(std::max(policy.pause_ms, now - sweep_began_ms_));
}

void BackfillRun::StopForTime() {
  Unit marking(session_);
  const CallSums sums = SumCall();
  MarkJobStopped(name());
  if (call_ != 0) EndCall(call_, core::NameOf(core::JobState::kStopped), "its time was up", sums);
  marking.Commit();
  SayTimeIsUp();
}

void BackfillRun::SayTimeIsUp() {
  const std::string text = Format("%1%: its time is up after %2% of this call", Title(), RowsOf(rows_));
  const std::string hint = "Call it again to go on where it stopped.";
  if (definition_.required) {
    throw Error(sqlstate::kObjectNotInPrerequisiteState, text,
                "What follows it must not begin before it is complete. What was committed stays.", hint);
  }
  reporter_.Notice(text, {}, hint);
}

// REQUIRES: an open unit.
CallSums BackfillRun::SumCall() {
  const JobTotals now = LoadTotals(name());
  return {now.rows - before_.rows, now.batches - before_.batches, std::max(longest_ms_, now.longest_ms),
          now.moved - before_.moved, now.wal_bytes - before_.wal_bytes};
}

// What the job has cost, all of its calls together. REQUIRES: an open unit.
std::string BackfillRun::DescribeRoom(const JobTotals& totals) const {
  constexpr std::int64_t kRowsWorthASize = 10'000;
  if (totals.rows < kRowsWorthASize) return {};
  std::string text;
  if (!definition_.deletes) {
    text = Format(" Of 100 rows %1% have stayed on their pages.", 100 - totals.moved * 100 / totals.rows);
  }
  return text + Format(" The table was %1% and is %2%, its indexes were %3% and are %4%; %5% of WAL were written.",
                       core::DescribeBytes(totals.table_bytes), core::DescribeBytes(TableBytesOf(definition_.relation)),
                       core::DescribeBytes(totals.index_bytes), core::DescribeBytes(IndexBytesOf(definition_.relation)),
                       core::DescribeBytes(totals.wal_bytes));
}

std::string BackfillRun::UnchangedHint() const {
  return Format(
      "Let the trigger pass them while it runs (by a setting that it looks at, or ALTER TABLE ... DISABLE TRIGGER); "
      "then SELECT safe_backfill_forget(%1%) and call it again.",
      pg::QuoteLiteral(name()));
}

void BackfillRun::WarnOfSkipped(const SkippedSums& skipped) {
  const std::string job = pg::QuoteLiteral(name());
  if (skipped.to_try > 0) {
    const char* were = skipped.to_try == 1 ? "was" : "were";
    pg::ReportWarning(
        Format("%1%: %2% failed and %3% skipped", Title(), RowsOf(skipped.to_try), were), {},
        Format("See them: SELECT * FROM headway.backfill_skipped WHERE name = %1%. The next call tries them again.",
               job));
  }
  if (skipped.given_up > 0) {
    const char* have = skipped.given_up == 1 ? "has" : "have";
    pg::ReportWarning(
        Format("%1%: %2% %3% failed too often to be tried again", Title(), RowsOf(skipped.given_up), have),
        Format("A row is tried in headway.max_row_tries = %1% calls.", pg::MaxRowTries()),
        Format("Mend them, then have them tried again: UPDATE headway.backfill_skipped SET tries = 0 WHERE name = %1%.",
               job));
  }
}

void BackfillRun::Finish(bool all) {
  if (!all && definition_.required) {
    throw Error(sqlstate::kBackfillNotExact, Format("%1%: rows still match the where_clause", Title()),
                "They come as fast as they are done, or a trigger keeps them as they are.",
                "Let new rows be written with the new value first (a default, a trigger, the application), then run it "
                "again.");
  }
  const std::string unchanged = Format("%1%: %2% were left as they are", Title(), RowsOf(unchanged_rows_));
  if (all && unchanged_rows_ > 0 && definition_.required) {
    throw Error(sqlstate::kBackfillNotExact, unchanged, kUnchangedDetail, UnchangedHint());
  }
  Unit marking(session_);
  const CallSums sums = SumCall();
  if (!marked_done_) MarkJobDone(name(), none_left_);
  const SkippedSums skipped = SumSkipped(name());
  const JobTotals totals = LoadTotals(name());
  const std::string bloat = rows_ > 0 ? DescribeIndexGrowth(definition_.relation, totals.index_bytes) : std::string();
  const std::string room = rows_ > 0 ? DescribeRoom(totals) : std::string();
  const std::string table = pg::QualifiedName(definition_.relation);
  if (call_ != 0) EndCall(call_, core::NameOf(core::JobState::kDone), {}, sums);
  marking.Commit();
  reporter_.Notice(Format("%1%: done, %2% %3%", Title(), RowsOf(rows_), Participle()),
                   Format("In %1%, the longest batch %2% ms.%3%", core::Duration(clock_.NowMs() - started_ms_),
                          sums.longest_ms, room));
  if (!bloat.empty()) {
    reporter_.Notice(bloat, {}, Format("SELECT safe_reindex(%1%) makes them small again.", pg::QuoteLiteral(table)));
  }
  if (all && unchanged_rows_ > 0) pg::ReportWarning(unchanged, kUnchangedDetail, UnchangedHint());
  WarnOfSkipped(skipped);
  if (!all && skipped.to_try == 0 && skipped.given_up == 0) {
    pg::ReportWarning(Format("%1%: rows still match the where_clause", Title()),
                      "They come as fast as they are done, or a trigger keeps them as they are.",
                      "Let new rows be written with the new value (a default, a trigger, the application), then call "
                      "it again.");
  }
}

}  // namespace

void Exchange(pg::RequestFields& fields, BackfillOrder& order) {
  BackfillDefinition& definition = order.definition;
  fields& definition.relation& definition.deletes& definition.set_clause& definition.where_clause;
  fields& definition.name& definition.named& definition.strategy& definition.pass_over_failures;
  fields& definition.revision& definition.required;
  engine::BackfillSettings& settings = order.limits.settings;
  fields& settings.batch_size& settings.target_batch_ms& settings.pause_ms& settings.time_window;
  fields& settings.max_wal_rate& settings.max_replica_lag_ms& settings.max_replica_lag_bytes& settings
      .waits_for_snapshots& settings.max_active;
  fields& order.limits.vacuum_every& order.workers& order.until_ms;
}

bool PrepareBackfill(const BackfillOrder& order) { return BackfillRun(order).Prepare(); }

std::int64_t RunBackfill(const BackfillOrder& order) { return BackfillRun(order).Run(); }

}  // namespace headway::server
