#include "commands/locks.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/locks/blockers.hpp"
#include "pg/locks/lock_needs.hpp"
#include "pg/parse/script.hpp"
#include "pg/text.hpp"

namespace headway::server {

namespace {

using core::Error;
using core::Format;

int ModeOf(const std::string& name) {
  const std::optional<int> mode = pg::LockModeByName(name);
  if (mode) return *mode;
  throw Error(core::sqlstate::kInvalidParameterValue, Format("unknown lock mode \"%1%\"", name), {},
              "Use 'ACCESS EXCLUSIVE' or another mode of LOCK TABLE, or 'CONCURRENTLY'.");
}

// Writers and other work on the table first, then whoever has a snapshot from before.
std::vector<core::Blocker> BlockersOfConcurrentWork(Oid relation) {
  std::vector<core::Blocker> blockers = pg::BlockersOf(relation, pg::kShareRowExclusiveLock);
  const std::size_t lockers = blockers.size();
  for (core::Blocker& holder : pg::OldestSnapshots()) {
    const auto same = [&](const core::Blocker& known) {
      return known.pid == holder.pid && known.prepared == holder.prepared;
    };
    if (std::none_of(blockers.begin(), blockers.begin() + static_cast<std::ptrdiff_t>(lockers), same)) {
      blockers.push_back(std::move(holder));
    }
  }
  return blockers;
}

}  // namespace

std::vector<StatementLock> LocksOfScript(const std::string& script) {
  std::vector<StatementLock> locks;
  int number = 0;
  for (const core::Statement& statement : pg::ParseScript(script, "script").statements) {
    ++number;
    for (const pg::LockNeed& need : pg::LockNeedsOf(statement.text)) {
      locks.push_back({number, statement.line, pg::QualifiedName(need.relation), pg::LockModeName(need.mode)});
    }
  }
  return locks;
}

std::vector<core::Blocker> WhoBlocks(unsigned int relation, const std::string& mode) {
  if (pg::QualifiedName(relation).empty()) {
    throw Error(core::sqlstate::kUndefinedTable, Format("relation with OID %1% does not exist", relation));
  }
  if (pg::IsSameWord(mode, "concurrently")) {
    return BlockersOfConcurrentWork(relation);
  }
  return pg::BlockersOf(relation, ModeOf(mode));
}

}  // namespace headway::server
