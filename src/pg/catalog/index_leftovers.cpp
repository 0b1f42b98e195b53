#include "pg/catalog/index_leftovers.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/catalog/catalog_scan.hpp"
#include "pg/catalog/index_list.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_inherits.h"
#include "utils/rel.h"
}

namespace headway::pg {

namespace {

// What the guards below fill in: plain data, and as many as will be looked at.
struct Found {
  Oid index;
  Oid table;
};
constexpr int kMostFound = 1000;

struct Leftovers {
  Found* found = nullptr;
  int count = 0;
  bool leave_busy = false;  // those of tables that somebody is working on are theirs
};

bool IsInvalidIndexOf(Oid index, Oid table) {
  HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
  if (!HeapTupleIsValid(tuple)) return false;
  auto* form = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple));
  const bool leftover = form->indrelid == table && !form->indisvalid;
  ReleaseSysCache(tuple);
  return leftover;
}

void Add(Leftovers& leftovers, Oid index, Oid table) {
  if (leftovers.count < kMostFound) leftovers.found[leftovers.count++] = {index, table};
}

// Ends in _ccnew or _ccold, with a number behind it when that name was taken.
bool IsNamedByReindex(const char* name) {
  std::size_t length = std::strlen(name);
  while (length > 0 && name[length - 1] >= '0' && name[length - 1] <= '9') --length;
  constexpr std::size_t kSuffix = 6;
  if (length <= kSuffix) return false;
  const char* suffix = name + length - kSuffix;
  return std::strncmp(suffix, "_ccnew", kSuffix) == 0 || std::strncmp(suffix, "_ccold", kSuffix) == 0;
}

// REQUIRES: inside a guard, and of all below.
void FindOfCreate(const core::Statement& create, Oid table, Leftovers& leftovers) {
  if (create.object.empty() || !OidIsValid(table)) return;
  const Oid index = get_relname_relid(create.object.name.c_str(), get_rel_namespace(table));
  if (OidIsValid(index) && IsInvalidIndexOf(index, table)) Add(leftovers, index, table);
}

void FindOnTable(Oid table, Oid spared, Leftovers& leftovers) {
  HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
  if (!HeapTupleIsValid(tuple)) return;
  const Oid toast = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->reltoastrelid;
  ReleaseSysCache(tuple);
  ListCell* cell;
  foreach (cell, IndexesOf(table)) {
    const Oid index = lfirst_oid(cell);
    if (index == spared || get_rel_relkind(index) != RELKIND_INDEX || !IsInvalidIndexOf(index, table)) continue;
    if (IsNamedByReindex(get_rel_name(index))) Add(leftovers, index, table);
  }
  if (OidIsValid(toast)) FindOnTable(toast, spared, leftovers);
}

// A TOAST table is named after its table's oid.
Oid MainTableOf(Oid table) {
  if (get_rel_relkind(table) != RELKIND_TOASTVALUE) return table;
  constexpr char kPrefix[] = "pg_toast_";
  const char* name = get_rel_name(table);
  if (name == nullptr || std::strncmp(name, kPrefix, sizeof(kPrefix) - 1) != 0) return InvalidOid;
  return static_cast<Oid>(std::strtoul(name + sizeof(kPrefix) - 1, nullptr, 10));
}

// On the user's own tables: those of others would be refused. `schema`: invalid means all.
void FindOnOwnTables(Oid schema, Leftovers& leftovers) {
  leftovers.leave_busy = true;
  ForEachTuple(IndexRelationId, InvalidOid, nullptr, 0, [&](HeapTuple tuple, TupleDesc) {
    const auto* form = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple));
    const char* name = form->indisvalid ? nullptr : get_rel_name(form->indexrelid);
    if (name == nullptr || !IsNamedByReindex(name) || get_rel_relkind(form->indexrelid) != RELKIND_INDEX) return;
    const Oid table = MainTableOf(form->indrelid);
    if (!OidIsValid(table) || !compat::OwnsRelation(table)) return;
    if (!OidIsValid(schema) || get_rel_namespace(table) == schema) Add(leftovers, form->indexrelid, form->indrelid);
  });
}

// `named`: the index or the table; nothing for those of a schema or the database.
void FindOfReindex(const core::Statement& reindex, Oid named, Leftovers& leftovers) {
  if (reindex.relations.empty()) {
    const bool of_schema = reindex.subject == "SCHEMA";
    const Oid schema = of_schema ? get_namespace_oid(reindex.object.name.c_str(), true) : InvalidOid;
    if (!of_schema || OidIsValid(schema)) FindOnOwnTables(schema, leftovers);
    return;
  }
  const bool of_index = reindex.subject == "INDEX";
  if (!OidIsValid(named)) return;
  const Oid table = of_index ? IndexGetRelation(named, true) : named;
  if (!OidIsValid(table)) return;
  ListCell* cell;
  foreach (cell, find_all_inheritors(table, NoLock, nullptr)) {
    if (lfirst_oid(cell) == table || get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE) {
      FindOnTable(lfirst_oid(cell), of_index ? named : InvalidOid, leftovers);
    }
  }
}

Leftovers Find(const core::Statement& statement, Oid named) {
  Leftovers leftovers;
  leftovers.found = static_cast<Found*>(palloc(sizeof(Found) * kMostFound));
  if (statement.Is("CREATE INDEX")) FindOfCreate(statement, named, leftovers);
  if (statement.Is("REINDEX")) FindOfReindex(statement, named, leftovers);
  return leftovers;
}

}  // namespace

std::string FinalizeStatementForPendingDetach(const core::Statement& statement) {
  const bool detaches = !statement.actions.empty() &&
                        statement.actions.front().kind == core::ActionKind::kDetachPartition &&
                        statement.actions.front().words.Has(core::Word::kConcurrently);
  if (!detaches) return {};
  const Oid parent = RelationNamed(statement.relations.front());
  const Oid partition = RelationNamed(statement.actions.front().other);
  if (!OidIsValid(parent) || !OidIsValid(partition)) return {};
  if (!Guarded([&] { return PartitionHasPendingDetach(partition); })) return {};
  return core::Format("ALTER TABLE %1% DETACH PARTITION %2% FINALIZE", QualifiedName(parent), QualifiedName(partition));
}

std::vector<IndexLeftover> InvalidIndexesOf(const core::Statement& statement) {
  if (!statement.words.Has(core::Word::kConcurrently)) return {};
  const Oid named = statement.relations.empty() ? InvalidOid : RelationNamed(statement.relations.front());
  const Leftovers leftovers = Guarded([&] { return Find(statement, named); });
  std::vector<IndexLeftover> indexes;
  for (int i = 0; i < leftovers.count; ++i) {
    const Found& found = leftovers.found[i];
    const std::string name = QualifiedName(found.index);
    // Whoever builds an index concurrently holds this lock on the table all the while.
    if (!Guarded([&] { return ConditionalLockRelationOid(found.table, ShareUpdateExclusiveLock); })) {
      if (leftovers.leave_busy) continue;
      throw core::Error(core::sqlstate::kLockNotAvailable,
                        core::Format("index %1% is invalid and its table is being worked on", name),
                        "Another session holds a SHARE UPDATE EXCLUSIVE lock on the table: it may be building the "
                        "index.");
    }
    // What was seen without the lock may be done by now.
    if (!Guarded([&] { return IsInvalidIndexOf(found.index, found.table); })) continue;
    const char* unqualified = Guarded([&] { return get_rel_name(found.index); });
    indexes.push_back({unqualified, "DROP INDEX CONCURRENTLY " + name});
  }
  return indexes;
}

}  // namespace headway::pg
