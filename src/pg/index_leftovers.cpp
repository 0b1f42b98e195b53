#include "pg/index_leftovers.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_inherits.h"
}

namespace headway::pg {

namespace {

struct Leftover {
  Oid table = InvalidOid;
  Oid index = InvalidOid;
};

bool IsInvalidIndexOf(Oid index, Oid table) {
  HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
  if (!HeapTupleIsValid(tuple)) return false;
  auto* form = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple));
  const bool leftover = form->indrelid == table && !form->indisvalid;
  ReleaseSysCache(tuple);
  return leftover;
}

// REQUIRES: inside a guard.
Leftover Find(const char* text) {
  Leftover found;
  auto* raw = linitial_node(RawStmt, raw_parser(text, RAW_PARSE_DEFAULT));
  auto* create = castNode(IndexStmt, raw->stmt);
  found.table = RangeVarGetRelid(create->relation, NoLock, true);
  if (!OidIsValid(found.table)) return found;
  const Oid index = get_relname_relid(create->idxname, get_rel_namespace(found.table));
  if (OidIsValid(index) && IsInvalidIndexOf(index, found.table)) found.index = index;
  return found;
}

struct PendingDetach {
  Oid parent = InvalidOid;
  Oid partition = InvalidOid;
};

// REQUIRES: inside a guard.
PendingDetach FindPendingDetach(const char* text) {
  PendingDetach found;
#if PG_VERSION_NUM >= 140000
  auto* raw = linitial_node(RawStmt, raw_parser(text, RAW_PARSE_DEFAULT));
  if (!IsA(raw->stmt, AlterTableStmt)) return found;
  auto* alter = castNode(AlterTableStmt, raw->stmt);
  auto* command = linitial_node(AlterTableCmd, alter->cmds);
  if (command->subtype != AT_DetachPartition || !castNode(PartitionCmd, command->def)->concurrent) return found;
  found.parent = RangeVarGetRelid(alter->relation, NoLock, true);
  found.partition = RangeVarGetRelid(castNode(PartitionCmd, command->def)->name, NoLock, true);
  if (!OidIsValid(found.partition) || !PartitionHasPendingDetach(found.partition)) found.parent = InvalidOid;
#endif
  return found;
}

}  // namespace

std::string FinalizeStatementForPendingDetach(const std::string& statement) {
  const PendingDetach pending = Guarded([&] { return FindPendingDetach(statement.c_str()); });
  if (!OidIsValid(pending.parent)) return {};
  return core::Format("ALTER TABLE %1% DETACH PARTITION %2% FINALIZE", QualifiedName(pending.parent),
                      QualifiedName(pending.partition));
}

std::string DropStatementForInvalidIndex(const std::string& create_statement) {
  const Leftover leftover = Guarded([&] { return Find(create_statement.c_str()); });
  if (!OidIsValid(leftover.index)) return {};
  // Whoever builds an index concurrently holds this lock on the table all the while.
  const bool idle = Guarded([&] { return ConditionalLockRelationOid(leftover.table, ShareUpdateExclusiveLock); });
  if (!idle) {
    throw core::Error(
        core::sqlstate::kLockNotAvailable,
        core::Format("index %1% is invalid and its table is being worked on", QualifiedName(leftover.index)),
        "Another session holds a SHARE UPDATE EXCLUSIVE lock on the table: it may be building the index.");
  }
  return "DROP INDEX CONCURRENTLY " + QualifiedName(leftover.index);
}

}  // namespace headway::pg
