#include "commands/migration.hpp"

#include "adapters/engine_ports.hpp"
#include "adapters/execution_mode.hpp"
#include "adapters/revision_store.hpp"
#include "adapters/sessions.hpp"
#include "commands/inspection.hpp"
#include "commands/nothing_to_do.hpp"
#include "commands/other_runner.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "core/target.hpp"
#include "engine/migrator.hpp"
#include "engine/turn.hpp"
#include "engine/unit.hpp"
#include "pg/backend.hpp"
#include "pg/process/runner_lock.hpp"
#include "pg/process/top_level_call.hpp"

namespace headway::server {

namespace {

struct MigrateRequest {
  std::string direction;
  std::string target;
};

void Exchange(pg::RequestFields& fields, MigrateRequest& request) { fields& request.direction& request.target; }

// The engine with its ports on this backend.
template <class Body>
std::int64_t WithMigrator(engine::Session& session, Body&& body) {
  RevisionStore store;
  ServerParser parser;
  DatabaseRunnerLock lock(session.owns_transactions());
  BackendClock clock;
  BackendReporter reporter;
  engine::Migrator migrator({session, store, parser, lock, clock, reporter},
                            PolicyFromSettings(session.owns_transactions()));
  return body(migrator);
}

// One caller at a time has a worker: each of the others would wait in one, and there are few.
void WaitForPlace(pg::RunnerPlace& place) {
  BackendClock clock;
  BackendReporter reporter;
  engine::WaitForTurn(clock, reporter, PolicyFromSettings(true).lock_retry_ms, engine::RunnerTexts(),
                      [&]() -> std::optional<std::string> {
                        if (place.TryTake()) return std::nullopt;
                        pg::CheckClient();
                        return place.DescribeHolder();
                      });
}

// The run is through: what helps the next one must not make it fail.
void Settle(engine::Session& session, const std::string& edition, const std::string& target,
            const core::Heads& heads) noexcept {
  try {
    engine::Unit noting(session);
    NoteNothingToDo(edition, target, heads);
    noting.Commit();
  } catch (const core::Error&) {
    session.Rollback();
  }
}

// After a stamp nothing that was stopped in the middle is gone on with.
void ForgetMootProgress() {
  RevisionStore store;
  const DatabaseState state = DatabaseState::Load();
  for (const auto& [revision, direction] : UnfinishedRevisions()) {
    const auto index = state.graph.IndexOf(revision);
    const bool upgrade = direction == core::Direction::kUpgrade;
    if (!index || state.applied.Contains(*index) == upgrade) store.DeleteProgress(revision, direction);
  }
}

}  // namespace

std::int64_t Migrate(FunctionCallInfo call, core::Direction direction, const std::string& target) {
  const bool up = direction == core::Direction::kUpgrade;
  const char* function = up ? "migrate_upgrade" : "migrate_downgrade";
  RequireOutsideScript(function);
  pg::RequireWritable(function);
  if (up && HasNothingToDo(target)) return 0;
  if (up) RequireTakenOver();
  pg::RunnerPlace place;
  const Turn turn{[&] { WaitForPlace(place); }, [&] { return up && HasNothingToDo(target); }};
  const WorkerOutcome through =
      RunInWorkerIfAlone(call, pg::MakeRequest(kMigrateVerb, MigrateRequest{core::NameOf(direction), target}), &turn);
  if (through.taken) return through.result;
  CallerSession session(through.why_not);
  return WithMigrator(session, [&](engine::Migrator& migrator) { return migrator.Run(direction, target); });
}

std::int64_t MigrateInWorker(const pg::WorkerRequest& request) {
  const auto wanted = pg::ReadRequest<MigrateRequest>(request);
  const core::Direction direction = core::ReadDirection(wanted.direction);
  const std::string& target = wanted.target;
  WorkerSession session;
  std::string edition;
  if (direction == core::Direction::kUpgrade) {
    engine::Unit looking(session);
    edition = GraphEdition();
    looking.Commit();
  }
  return WithMigrator(session, [&](engine::Migrator& migrator) {
    const int steps = migrator.Run(direction, target);
    const bool settled = steps == 0 || !core::AnyRelativeToCurrent(target);
    if (direction == core::Direction::kUpgrade && settled) Settle(session, edition, target, migrator.heads());
    return steps;
  });
}

std::int64_t Stamp(const std::string& target, bool purge) {
  RequireOutsideScript("migrate_stamp");
  pg::RequireWritable("migrate_stamp");
  CallerSession session({});
  return WithMigrator(session, [&](engine::Migrator& migrator) {
    const int changed = migrator.Stamp(target, purge);
    if (changed > 0) ForgetMootProgress();
    return changed;
  });
}

}  // namespace headway::server
