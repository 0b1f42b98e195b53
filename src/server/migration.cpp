#include "server/migration.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "engine/migrator.hpp"
#include "pg/call_shape.hpp"
#include "server/doors.hpp"
#include "server/revision_store.hpp"
#include "server/services.hpp"
#include "server/sessions.hpp"

namespace headway::server {

namespace {

// The engine with its ports on this backend.
template <class Body>
std::int64_t WithMigrator(engine::Session& session, Body&& body) {
  RevisionStore store;
  DatabaseRunnerLock lock(session.owns_transactions());
  BackendClock clock;
  BackendReporter reporter;
  engine::Migrator migrator({session, store, lock, clock, reporter}, PolicyFromSettings(session.owns_transactions()));
  return body(migrator);
}

}  // namespace

void RequireOutsideScript(const char* function) {
  if (!ScriptIsRunning()) return;
  throw core::Error(core::sqlstate::kNestedRun, core::Format("%1%() cannot be called by a revision", function),
                    "A run is in progress, and this call comes from a script that it runs.",
                    "Express the order of revisions with down_revision and depends_on instead.");
}

std::int64_t Migrate(FunctionCallInfo call, core::Direction direction, const std::string& target) {
  const bool up = direction == core::Direction::kUpgrade;
  const char* function = up ? "migrate_upgrade" : "migrate_downgrade";
  RequireOutsideScript(function);
  pg::RequireWritable(function);
  const DoorResult through = ThroughWorker(call, {kMigrateVerb, {core::NameOf(direction), target}});
  if (through.taken) return through.result;
  CallerSession session(through.why_not);
  return WithMigrator(session, [&](engine::Migrator& migrator) { return migrator.Run(direction, target); });
}

std::int64_t MigrateInWorker(const pg::WorkerRequest& request) {
  const core::Direction direction = core::ReadDirection(*request.arguments.at(0));
  WorkerSession session;
  return WithMigrator(session,
                      [&](engine::Migrator& migrator) { return migrator.Run(direction, *request.arguments.at(1)); });
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
