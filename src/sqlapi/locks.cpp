// migrate_locks(), migrate_blockers().
#include "commands/locks.hpp"
#include "pg/entry_point.hpp"
#include "pg/function_call.hpp"

namespace core = headway::core;
namespace pg = headway::pg;
namespace server = headway::server;

namespace {

using pg::Field;

Field OrNull(const std::string& value) { return value.empty() ? Field() : Field(value); }

// A blocker, then those it waits for, one level further in.
void PutBlocker(pg::RowWriter& rows, const core::Blocker& blocker, int level) {
  core::Blocker alone = blocker;
  alone.waited_for.clear();
  rows.Put({std::to_string(level), blocker.pid == 0 ? Field() : Field(std::to_string(blocker.pid)),
            OrNull(blocker.prepared), OrNull(blocker.user), OrNull(blocker.application), OrNull(blocker.client),
            OrNull(blocker.backend_type), OrNull(blocker.state),
            blocker.age_ms < 0 ? Field() : Field(std::to_string(blocker.age_ms) + " milliseconds"),
            OrNull(blocker.mode), blocker.mode.empty() ? Field() : pg::Truth(!blocker.waiting), OrNull(blocker.query),
            core::DescribeBlockers({alone})});
  for (const core::Blocker& next : blocker.waited_for) PutBlocker(rows, next, level + 1);
}

}  // namespace

HEADWAY_FUNCTION(migrate_locks) {
  const std::string script = pg::TextArgument(fcinfo, 0, "script");
  pg::RowWriter rows(fcinfo);
  for (const server::StatementLock& lock : server::LocksOfScript(script)) {
    rows.Put({std::to_string(lock.statement), std::to_string(lock.line), lock.relation, lock.mode});
  }
  return 0;
}

HEADWAY_FUNCTION(migrate_blockers) {
  const Oid relation = pg::OidArgument(fcinfo, 0, "relation");
  const std::string mode = pg::TextArgument(fcinfo, 1, "mode");
  pg::RowWriter rows(fcinfo);
  for (const core::Blocker& blocker : server::WhoBlocks(relation, mode)) PutBlocker(rows, blocker, 0);
  return 0;
}
