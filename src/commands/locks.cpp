#include "commands/locks.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "operations/operation_call.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/catalog/table_shape.hpp"
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

// The plain statement that takes the locks of a function of ours, with the partitions: the strongest that any part of
// it takes. Empty: it takes none, or on what is not known.
std::string StandInFor(const core::Statement& statement) {
  if (statement.relations.empty()) return {};
  const std::string& function = statement.object.name;
  const Oid oid = pg::RelationNamed(statement.relations.front());
  if (oid == pg::kNoOid) return {};
  const std::string relation = pg::QualifiedName(oid);
  if (function == "safe_drop_index") {
    return (pg::DescribeTable(oid).kind == 'I' ? "DROP INDEX " : "DROP INDEX CONCURRENTLY ") + relation;
  }
  const bool rows = function == "safe_backfill" || function == "safe_delete";
  const std::string mode(rows ? "ROW EXCLUSIVE" : operations::StrongestLock(function));
  return mode.empty() ? mode : Format("LOCK TABLE %1% IN %2% MODE", relation, mode);
}

std::vector<pg::LockNeed> NeedsOf(const core::Statement& statement) {
  if (statement.kind != core::StatementClass::kOwnTransactions) return pg::LockNeedsOf(statement.text);
  const std::string stand_in = StandInFor(statement);
  return stand_in.empty() ? std::vector<pg::LockNeed>() : pg::LockNeedsOf(stand_in);
}

}  // namespace

std::vector<StatementLock> LocksOfScript(const std::string& script) {
  std::vector<StatementLock> locks;
  int number = 0;
  for (const core::Statement& statement : pg::ParseScript(script, "script").statements) {
    ++number;
    for (const pg::LockNeed& need : NeedsOf(statement)) {
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
