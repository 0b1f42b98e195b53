#include "pg/locks/lock_set.hpp"

#include "pg/catalog/catalog_scan.hpp"
#include "pg/catalog/find_object.hpp"
#include "pg/catalog/index_list.hpp"
#include "pg/postgres.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/catalog.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_rewrite.h"
#include "rewrite/rewriteSupport.h"
#include "utils/rel.h"
}

namespace headway::pg {

namespace {

bool IsOfInterest(Oid relation) {
  return relation >= FirstNormalObjectId && !IsToastNamespace(get_rel_namespace(relation)) &&
         get_rel_relkind(relation) != '\0';
}

bool Concerns(HeapTuple foreign_key, Oid relation, AttrNumber column) {
  auto* form = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(foreign_key));
  if (form->conrelid != relation && form->confrelid != relation) return false;
  if (column == InvalidAttrNumber) return true;
  int count = 0;
  AttrNumber referencing[INDEX_MAX_KEYS];
  AttrNumber referenced[INDEX_MAX_KEYS];
  DeconstructFkConstraintRow(foreign_key, &count, referencing, referenced, nullptr, nullptr, nullptr, nullptr, nullptr);
  for (int i = 0; i < count; ++i) {
    if (form->conrelid == relation && referencing[i] == column) return true;
    if (form->confrelid == relation && referenced[i] == column) return true;
  }
  return false;
}

}  // namespace

void AddLock(LockSet* set, Oid relation, LOCKMODE mode) {
  if (!OidIsValid(relation) || !IsOfInterest(relation)) return;
  for (int i = 0; i < set->count; ++i) {
    if (set->items[i].relation != relation) continue;
    if (mode > set->items[i].mode) set->items[i].mode = mode;
    return;
  }
  if (set->count == set->capacity) {
    set->capacity = set->capacity == 0 ? 16 : 2 * set->capacity;
    const Size size = sizeof(LockNeed) * static_cast<Size>(set->capacity);
    set->items = static_cast<LockNeed*>(set->items == nullptr ? palloc(size) : repalloc(set->items, size));
  }
  set->items[set->count++] = {relation, mode};
}

void AddTree(LockSet* set, Oid relation, LOCKMODE mode) {
  if (!OidIsValid(relation)) return;
  ListCell* cell;
  foreach (cell, find_all_inheritors(relation, NoLock, nullptr)) AddLock(set, lfirst_oid(cell), mode);
}

Oid AddNamed(LockSet* set, const RangeVar* name, LOCKMODE mode, bool with_descendants) {
  const Oid relation = FindRelation(name);
  if (with_descendants && name->inh) {
    AddTree(set, relation, mode);
  } else {
    AddLock(set, relation, mode);
  }
  return relation;
}

void AddOwnedSequences(LockSet* set, Oid relation, LOCKMODE mode) {
  if (!OidIsValid(relation)) return;
  ListCell* cell;
  foreach (cell, getOwnedSequences(relation)) AddLock(set, lfirst_oid(cell), mode);
}

void AddIdentitySequence(LockSet* set, Oid table, const char* column, LOCKMODE mode) {
  ForEachDependent({RelationRelationId, table, get_attnum(table, column)}, [&](const FormData_pg_depend& dependency) {
    if (dependency.classid != RelationRelationId || dependency.deptype != DEPENDENCY_INTERNAL) return;
    if (get_rel_relkind(dependency.objid) == RELKIND_SEQUENCE) AddLock(set, dependency.objid, mode);
  });
}

void AddIndexesOf(LockSet* set, Oid table, LOCKMODE mode) {
  ListCell* cell;
  foreach (cell, IndexesOf(table)) AddLock(set, lfirst_oid(cell), mode);
}

void AddViewSources(LockSet* set, Oid view, LOCKMODE mode) {
  const char kind = get_rel_relkind(view);
  if (kind != RELKIND_VIEW && kind != RELKIND_MATVIEW) return;
  const Oid rule = get_rewrite_oid(view, ViewSelectRuleName, true);
  if (!OidIsValid(rule)) return;
  List* sources = NIL;
  ForEachReferenced({RewriteRelationId, rule, 0}, [&](const FormData_pg_depend& dependency) {
    if (dependency.refclassid != RelationRelationId || dependency.refobjid == view) return;
    sources = list_append_unique_oid(sources, dependency.refobjid);
  });
  ListCell* cell;
  foreach (cell, sources) {
    AddLock(set, lfirst_oid(cell), mode);
    // A materialized view is read as it is.
    if (get_rel_relkind(lfirst_oid(cell)) == RELKIND_VIEW) AddViewSources(set, lfirst_oid(cell), mode);
  }
}

void AddForeignKeyEnds(LockSet* set, Oid relation, AttrNumber column, LOCKMODE referenced, LOCKMODE referencing) {
  if (!OidIsValid(relation)) return;
  const ScanKeyData is_key = IsLetter(Anum_pg_constraint_contype, CONSTRAINT_FOREIGN);
  ForEachTuple(ConstraintRelationId, InvalidOid, is_key, [&](HeapTuple tuple, TupleDesc) {
    if (!Concerns(tuple, relation, column)) return;
    auto* form = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
    if (form->conrelid == relation && referenced != NoLock) AddTree(set, form->confrelid, referenced);
    if (form->confrelid == relation && referencing != NoLock) AddLock(set, form->conrelid, referencing);
  });
}

}  // namespace headway::pg
