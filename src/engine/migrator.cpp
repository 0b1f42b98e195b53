#include "engine/migrator.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/advice.hpp"
#include "core/format.hpp"
#include "core/names.hpp"
#include "core/planner.hpp"
#include "core/sqlstate.hpp"
#include "engine/lock_retry.hpp"
#include "engine/runnable.hpp"
#include "engine/turn.hpp"
#include "engine/unit.hpp"

namespace headway::engine {

namespace {

using core::Direction;
using core::Error;
using core::Format;
using core::MigrationStep;

constexpr std::size_t kStepsPerSavepoint = 16;

// "Running upgrade abc123 -> def456, Add thumbnail_url to videos table", as Alembic says it.
std::string Announcement(const MigrationStep& step, const std::string& message) {
  std::string text = Format("Running %1% %2% -> %3%", core::NameOf(step.direction), core::JoinNames(step.from),
                            core::JoinNames(step.to));
  if (!message.empty()) text += ", " + message;
  return text;
}

bool InTransaction(const StepFacts& facts, Direction direction) {
  return direction == Direction::kUpgrade ? facts.upgrade_in_transaction : facts.downgrade_in_transaction;
}

}  // namespace

std::string NothingToDo(const core::Heads& heads) {
  return "nothing to do: " +
         (heads.empty() ? std::string("no revision is applied") : "the database is at " + core::JoinNames(heads));
}

// One step being tried: what its history row will say.
struct Migrator::Attempt {
  explicit Attempt(LockRetry retry) : locks(std::move(retry)) {}

  HistoryEntry entry;
  LockRetry locks;
  core::Statement current;

  void At(const core::Statement& statement, int number) {
    entry.statement = number;
    entry.line = statement.line;
    // Without its text: of what it is, it is remembered beyond the script.
    current = {};
    current.verb = statement.verb;
    current.relations = statement.relations;
    current.words = statement.words;
  }
  void Advise(Error& error) const {
    if (entry.statement > 0) error.report().hint += core::AdviceOn(error.report(), current);
  }
  void Done() {
    entry.lock_tries = 1 + locks.retries();
    entry.statement = 0;
    entry.line = 0;
    entry.result = "done";
  }
  // Where it has failed: constraints may be deferred to the commit.
  std::string Place(const MigrationStep& step) const {
    if (entry.statement > 0)
      return Format("statement %1%, line %2% of the %3%", entry.statement, entry.line, NameScript(step));
    return entry.result == "done" ? "commit of the " + NameScript(step) : std::string();
  }
};

void Migrator::AddPlace(core::ErrorReport& report, const Attempt& attempt, const MigrationStep& step) {
  const std::string place = attempt.Place(step);
  if (!place.empty()) report.context += report.context.empty() ? place : "\n" + place;
}

int Migrator::Run(Direction direction, std::string_view target) {
  AcquireLock();
  const PlannedRun plan = MakePlan(direction, target);
  CheckPlan(plan);
  if (plan.steps.empty()) {
    ports_.reporter.Notice(plan.nothing_to_do);
  } else {
    const core::Surroundings mode = ports_.session.WhyThisMode();
    ports_.reporter.Notice(ports_.session.CommitPolicy(), mode.why, mode.by_accident ? mode.remedy : std::string());
  }
  RunSteps(plan);
  heads_ = plan.heads_after;
  return static_cast<int>(plan.steps.size());
}

// In the caller's transaction several steps share a savepoint: the server's cost of one grows with all that the
// transaction has done. When one of them meets a lock, they are undone together and taken again one by one.
void Migrator::RunSteps(const PlannedRun& plan) {
  const std::size_t together = ports_.session.owns_transactions() ? 1 : kStepsPerSavepoint;
  std::size_t announced = 0;
  for (std::size_t first = 0; first < plan.steps.size(); first += together) {
    const std::size_t end = std::min(plan.steps.size(), first + together);
    if (end - first > 1 && RunTogether(plan, first, end, announced)) continue;
    for (std::size_t i = first; i < end; ++i) {
      Announce(plan, i, announced);
      RunStep(plan.steps[i], InTransaction(plan.facts[i], plan.steps[i].direction));
    }
  }
}

// Says once for each step that it begins.
void Migrator::Announce(const PlannedRun& plan, std::size_t i, std::size_t& announced) {
  if (i < announced) return;
  announced = i + 1;
  const std::string announcement = Announcement(plan.steps[i], plan.messages[i]);
  ports_.reporter.Activity(announcement);
  ports_.reporter.Notice(announcement);
}

// False when a lock was not to be had; then nothing of these steps is left. REQUIRES: all of them are transactional.
bool Migrator::RunTogether(const PlannedRun& plan, std::size_t first, std::size_t end, std::size_t& announced) {
  std::optional<Attempt> attempt;
  std::size_t i = first;
  try {
    Unit unit(ports_.session);
    for (; i < end; ++i) {
      const MigrationStep& step = plan.steps[i];
      Announce(plan, i, announced);
      ports_.session.Enter(NameScript(step));
      attempt.emplace(NewAttempt(step));
      RunInUnit(step, *attempt);
    }
    unit.Commit();
    return true;
  } catch (const Error& error) {
    if (core::IsRetryable(error.report().sqlstate)) return false;
    Error placed = error;
    ExplainCancel(placed, plan.steps[std::min(i, end - 1)]);
    if (attempt) AddPlace(placed.report(), *attempt, plan.steps[std::min(i, end - 1)]);
    throw placed;
  }
}

int Migrator::Stamp(std::string_view target, bool purge) {
  AcquireLock();
  Unit unit(ports_.session);
  const core::RevisionGraph graph(ports_.store.LoadRevisions());
  const core::HeadChange change = core::PlanStamp(graph, ports_.store.LoadHeads(), target, purge);
  ports_.store.StampHeads(change.removed, change.added);
  HistoryEntry entry;
  entry.direction = "stamp";
  entry.result = "done";
  entry.started_ms = ports_.clock.NowMs();
  for (const std::string& revision : change.added.empty() ? change.removed : change.added) {
    entry.revision = revision;
    ports_.store.Record(entry);
  }
  unit.Commit();
  return static_cast<int>(change.removed.size() + change.added.size());
}

void Migrator::AcquireLock() {
  WaitForTurn(ports_.session, ports_.lock, ports_.clock, ports_.reporter, policy_.lock_retry_ms, RunnerTexts());
}

Migrator::PlannedRun Migrator::MakePlan(Direction direction, std::string_view target) {
  Unit unit(ports_.session);
  ports_.store.CloseInterrupted();
  const core::RevisionGraph graph(ports_.store.LoadRevisions());
  const core::Heads heads = ports_.store.LoadHeads();
  ports_.store.RequireMirrorInStep(heads);
  PlannedRun plan;
  plan.nothing_to_do = graph.size() == 0 ? "nothing to do: no revision is registered" : NothingToDo(heads);
  plan.steps = direction == Direction::kUpgrade ? core::PlanUpgrade(graph, heads, target)
                                                : core::PlanDowngrade(graph, heads, target);
  plan.heads_after = core::HeadsAfter(heads, plan.steps);
  std::vector<std::string> revisions;
  for (const MigrationStep& step : plan.steps) {
    revisions.push_back(step.revision);
    plan.messages.push_back(core::FirstLine(graph.Find(step.revision)->message));
  }
  if (!revisions.empty()) plan.facts = ports_.store.LoadFacts(revisions);
  unit.Commit();
  return plan;
}

// Everything that can be known to fail is refused here, before the first step runs.
void Migrator::CheckPlan(const PlannedRun& plan) {
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const MigrationStep& step = plan.steps[i];
    const StepFacts& facts = plan.facts[i];
    RequireRunnable(step, facts);
    if (!ports_.session.owns_transactions() && !InTransaction(facts, step.direction)) {
      const core::Surroundings mode = ports_.session.WhyThisMode();
      throw Error(core::sqlstate::kActiveSqlTransaction,
                  Format("the %1% cannot run inside a transaction", NameScript(step)),
                  "It holds a statement that commits by itself, and this call is part of a transaction. " + mode.why +
                      " Nothing has been run.",
                  mode.remedy);
    }
  }
  if (!ports_.session.owns_transactions()) CheckEnumValues(plan);
}

// In one transaction a new enum value cannot be used, not even by a later revision.
void Migrator::CheckEnumValues(const PlannedRun& plan) {
  Unit unit(ports_.session);
  std::vector<core::Statement> enums;  // the statements that make or extend one, of all steps so far
  std::vector<std::string> revisions;
  for (const MigrationStep& step : plan.steps) {
    const std::string text = ports_.store.LoadScript(step.revision, step.direction);
    for (const core::Statement& statement : ports_.reader.Read(text, NameScript(step)).statements) {
      RequireNoNewValue(enums, revisions, step, statement);
      if (statement.AddedEnumValue().empty() && !statement.words.Has(core::Word::kEnum)) continue;
      enums.push_back(statement);
      revisions.push_back(step.revision);
    }
  }
  unit.Commit();
}

void Migrator::RequireNoNewValue(const std::vector<core::Statement>& enums, const std::vector<std::string>& revisions,
                                 const MigrationStep& step, const core::Statement& statement) {
  const auto uses = [&](const core::ObjectName& type, const std::string& value) {
    return ports_.reader.UsesEnumValue(statement.text, type, value);
  };
  const auto adder = core::FirstNewValue(enums, uses);
  if (!adder) return;
  throw Error(core::sqlstate::kActiveSqlTransaction,
              Format("revision %1% uses the enum value '%2%' that revision %3% adds in the same transaction",
                     step.revision, enums[*adder].AddedEnumValue(), revisions[*adder]),
              "A new enum value can be used only after it is committed. Nothing has been run.",
              "Then each revision has to commit. " + ports_.session.WhyThisMode().remedy);
}

void Migrator::RunStep(const MigrationStep& step, bool in_transaction) {
  ports_.session.Enter(NameScript(step));
  if (in_transaction) {
    RunTransactional(step);
  } else {
    RunStatementByStatement(step);
  }
}

Migrator::Attempt Migrator::NewAttempt(const MigrationStep& step) {
  Attempt attempt(LockRetry(ports_.session, ports_.clock, ports_.reporter, policy_));
  attempt.entry.revision = step.revision;
  attempt.entry.direction = core::NameOf(step.direction);
  attempt.entry.started_ms = ports_.clock.NowMs();
  return attempt;
}

void Migrator::RunTransactional(const MigrationStep& step) {
  Attempt attempt = NewAttempt(step);
  Retrying(step, attempt, [&] { TryTransactional(step, attempt); });
}

void Migrator::TryTransactional(const MigrationStep& step, Attempt& attempt) {
  Unit unit(ports_.session);
  RunInUnit(step, attempt);
  unit.Commit();
}

void Migrator::RunInUnit(const MigrationStep& step, Attempt& attempt) {
  Session& session = ports_.session;
  const core::Script script =
      ports_.reader.Read(ports_.store.LoadScript(step.revision, step.direction), NameScript(step));
  session.BeginScript(attempt.locks.QueueMs());
  int number = 0;
  for (const core::Statement& statement : script.statements) {
    attempt.At(statement, ++number);
    attempt.locks.TakeLocks(statement, number > 1);
    session.RunStatement(statement);
  }
  session.EndScript();
  Finish(step, attempt);
  if (!session.owns_transactions()) session.RequireLockSpace();
}

// The version rows and the history row, in the unit that is open.
void Migrator::Finish(const MigrationStep& step, Attempt& attempt) {
  ports_.store.ChangeHeads(step.heads_removed, step.heads_added);
  attempt.Done();
  ports_.store.Record(attempt.entry);
}

void Migrator::RunStatementByStatement(const MigrationStep& step) {
  Attempt attempt = NewAttempt(step);
  attempt.entry.result = "running";
  Unit reading(ports_.session);
  const std::string text = ports_.store.LoadScript(step.revision, step.direction);
  const core::Script script = ports_.reader.Read(text, NameScript(step));
  // Whoever has done the rest by hand registers an empty one.
  if (script.statements.empty()) ports_.store.DeleteProgress(step.revision, step.direction);
  reading.Commit();
  if (script.statements.empty()) return RunTransactional(step);
  Unit opening(ports_.session);
  const Begun begun = Resume(step, text, script);
  if (begun.needs_no_pieces) {
    opening.Commit();
    return StartOver(step, attempt, begun);
  }
  if (!begun.is_known || begun.mended) ports_.store.SaveProgress(step.revision, step.direction, {text, begun.done});
  attempt.entry.id = ports_.store.Record(attempt.entry);
  opening.Commit();
  if (begun.done > 0) {
    ports_.reporter.Notice(Format("going on after statement %1% of the %2%", begun.done, NameScript(step)));
  }
  const int count = static_cast<int>(script.statements.size());
  for (int i = 0; i < count; ++i) {
    const core::Statement& statement = script.statements[i];
    if (i < begun.done && !statement.session_setting) continue;
    Retrying(step, attempt, [&] {
      attempt.At(statement, i + 1);
      if (i == begun.done && begun.mended) attempt.locks.DropLeftovers(begun.stopped_at);
      attempt.locks.RunTopLevel(statement);
      if (i >= begun.done) ports_.store.SaveProgress(step.revision, step.direction, {text, i + 1});
      if (i + 1 == count && begun.done < count) Complete(step, attempt);
      ports_.session.Commit();
    });
  }
  if (begun.done == count) CompleteWithoutMore(step, attempt, begun);
  ports_.session.ResetState();
}

// In the unit that is open.
void Migrator::Complete(const MigrationStep& step, Attempt& attempt) {
  ports_.store.DeleteProgress(step.revision, step.direction);
  Finish(step, attempt);
}

// What an earlier run has not done is no longer in the script.
void Migrator::CompleteWithoutMore(const MigrationStep& step, Attempt& attempt, const Begun& begun) {
  Retrying(step, attempt, [&] {
    attempt.locks.DropLeftovers(begun.stopped_at);
    Unit unit(ports_.session);
    Complete(step, attempt);
    unit.Commit();
  });
}

void Migrator::StartOver(const MigrationStep& step, Attempt& attempt, const Begun& begun) {
  Retrying(step, attempt, [&] {
    attempt.locks.DropLeftovers(begun.stopped_at);
    Unit unit(ports_.session);
    ports_.store.DeleteProgress(step.revision, step.direction);
    unit.Commit();
  });
  RunTransactional(step);
}

// Where an earlier run has stopped. What it has done must still be what the script begins with; the rest may have been
// mended. REQUIRES: an open unit.
Migrator::Begun Migrator::Resume(const MigrationStep& step, const std::string& text, const core::Script& script) {
  Begun begun;
  const std::optional<Progress> progress = ports_.store.LoadProgress(step.revision, step.direction);
  if (!progress) return begun;
  const core::Script earlier = ports_.reader.Read(progress->script, NameScript(step));
  const auto count = static_cast<std::int64_t>(earlier.statements.size());
  const std::int64_t done = progress->statements_done;
  // With the last one the row goes.
  if (done < 0 || done >= count) {
    throw Error(core::sqlstate::kUnfinishedRevision,
                Format("headway.unfinished does not fit the %1%", NameScript(step)),
                Format("It says that %1% of %2% statements are done, and no run writes that.", done, count),
                Format("See which of its statements are done, undo them by hand, then start over: "
                       "SELECT migrate_forget_progress('%1%').",
                       step.revision));
  }
  const std::int64_t equal = ports_.reader.CountEqual(progress->script, text);
  if (equal < done) {
    throw Error(
        core::sqlstate::kUnfinishedRevision,
        Format("the %1% has changed in what an earlier run of it has done", NameScript(step)),
        Format("%1% of its statements %2% done, and statement %3% is another one now; the script as it was is in "
               "headway.unfinished.",
               done, done == 1 ? "is" : "are", equal + 1),
        Format("Register it with what is done as it was, and change only what comes after; or undo that by hand, then "
               "start over: SELECT migrate_forget_progress('%1%').",
               step.revision));
  }
  begun.is_known = true;
  begun.done = static_cast<int>(done);
  begun.mended = equal != count || equal != static_cast<std::int64_t>(script.statements.size());
  begun.needs_no_pieces = begun.mended && done == 0 && script.transactional() && !earlier.transactional();
  begun.stopped_at = earlier.statements[static_cast<std::size_t>(done)];
  return begun;
}

// A cancel that came of headway.max_lock_hold is no wish of the user.
void Migrator::ExplainCancel(Error& error, const MigrationStep& step) {
  const std::string held = ports_.session.HeldTooLong();
  if (held.empty() || !error.Is(core::sqlstate::kQueryCanceled)) return;
  error = Error(core::sqlstate::kLockHeldTooLong, Format("the %1% held a lock for too long", NameScript(step)),
                held + " The revision has been rolled back.",
                "Do the long part without that lock, in a revision of its own or with CONCURRENTLY; or raise "
                "headway.max_lock_hold.");
}

// Tries for the locks of the step, or of one statement of it. The body leaves nothing open when it succeeds.
void Migrator::Retrying(const MigrationStep& step, Attempt& attempt, const std::function<void()>& body) {
  LockRetry::Work work;
  work.name = NameScript(step);
  work.body = body;
  work.explain = [&](Error& error) {
    ExplainCancel(error, step);
    attempt.Advise(error);
    AddPlace(error.report(), attempt, step);
  };
  work.failed = [&](const Error& error) { RecordFailure(attempt, error); };
  attempt.locks.Run(work);
}

// History of a failure is written in a unit of its own. In the caller's transaction there is none: the error undoes
// everything. Failing to write it must not hide what happened.
void Migrator::RecordFailure(Attempt& attempt, const Error& error) noexcept {
  if (!ports_.session.owns_transactions()) return;
  RecordFailureInUnit(ports_.session, [&] {
    attempt.entry.result = error.Is(core::sqlstate::kQueryCanceled) ? "cancelled" : "failed";
    attempt.entry.lock_tries = 1 + attempt.locks.retries();
    attempt.entry.error = error.report();
    ports_.store.Record(attempt.entry);
  });
}

}  // namespace headway::engine
