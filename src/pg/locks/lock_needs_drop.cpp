// The locks of DROP: what goes with an object is found in pg_depend, as the server finds it.
#include "pg/catalog/catalog_scan.hpp"
#include "pg/catalog/find_object.hpp"
#include "pg/locks/lock_set.hpp"

#include "pg/postgres.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "commands/policy.h"
#include "commands/trigger.h"
#include "rewrite/rewriteSupport.h"
#include "utils/catcache.h"
#include "utils/hsearch.h"
#include "utils/rel.h"
}

namespace headway::pg {

namespace {

// The objects that are to go: found ones are worked off in turn, and each is met once.
struct DropSet {
  HTAB* seen;
  List* waiting;
};

DropSet EmptyDropSet() {
  HASHCTL control = {};
  control.keysize = sizeof(ObjectAddress);
  control.entrysize = sizeof(ObjectAddress);
  control.hcxt = CurrentMemoryContext;
  return {hash_create("objects to drop", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT), NIL};
}

void AddToDrop(DropSet* drops, ObjectAddress object) {
  bool found = false;
  void* entry = hash_search(drops->seen, &object, HASH_ENTER, &found);
  if (!found) drops->waiting = lappend(drops->waiting, entry);
}

// The relation in a catalog's row about one of its triggers, rules or policies.
Oid RelationOfRow(Oid catalog, Oid index, AttrNumber oid_column, AttrNumber relation_column, Oid object) {
  Oid relation = InvalidOid;
  ForEachTuple(catalog, index, IsOid(oid_column, object), [&](HeapTuple tuple, TupleDesc columns) {
    bool is_null = false;
    relation = DatumGetObjectId(heap_getattr(tuple, relation_column, columns, &is_null));
  });
  return relation;
}

Oid ConstrainedRelation(Oid constraint) {
  HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
  if (!HeapTupleIsValid(tuple)) return InvalidOid;
  const Oid relation = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple))->conrelid;
  ReleaseSysCache(tuple);
  return relation;
}

Oid RelationOfStatistics(Oid statistics) {
  HeapTuple tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(statistics));
  if (!HeapTupleIsValid(tuple)) return InvalidOid;
  const Oid relation = reinterpret_cast<Form_pg_statistic_ext>(GETSTRUCT(tuple))->stxrelid;
  ReleaseSysCache(tuple);
  return relation;
}

void AddDropOfRelation(LockSet* set, Oid relation) {
  if (IsIndex(relation)) {
    AddLock(set, IndexGetRelation(relation, true), AccessExclusiveLock);
  } else if (get_rel_relispartition(relation)) {
    const Oid parent = get_partition_parent(relation, true);
    AddLock(set, parent, AccessExclusiveLock);
    AddLock(set, DefaultPartitionOf(parent), AccessExclusiveLock);
  }
  AddLock(set, relation, AccessExclusiveLock);
}

void AddLocksOf(LockSet* set, const ObjectAddress& object) {
  Oid relation = InvalidOid;
  switch (object.classId) {
    case RelationRelationId:
      AddDropOfRelation(set, object.objectId);
      return;
    case StatisticExtRelationId:
      AddLock(set, RelationOfStatistics(object.objectId), ShareUpdateExclusiveLock);
      return;
    case ConstraintRelationId:
      relation = ConstrainedRelation(object.objectId);
      break;
    case AttrDefaultRelationId:
      relation = GetAttrDefaultColumnAddress(object.objectId).objectId;
      break;
    case TriggerRelationId:
      relation = RelationOfRow(TriggerRelationId, TriggerOidIndexId, Anum_pg_trigger_oid, Anum_pg_trigger_tgrelid,
                               object.objectId);
      break;
    case RewriteRelationId:
      relation = RelationOfRow(RewriteRelationId, RewriteOidIndexId, Anum_pg_rewrite_oid, Anum_pg_rewrite_ev_class,
                               object.objectId);
      break;
    case PolicyRelationId:
      relation = RelationOfRow(PolicyRelationId, PolicyOidIndexId, Anum_pg_policy_oid, Anum_pg_policy_polrelid,
                               object.objectId);
      break;
    default:
      break;
  }
  AddLock(set, relation, AccessExclusiveLock);
}

// What cannot go alone takes its owner along: a view's rule takes the view.
void AddOwners(DropSet* drops, const ObjectAddress& object) {
  ForEachReferenced(object, [&](const FormData_pg_depend& dependency) {
    if (dependency.deptype != DEPENDENCY_INTERNAL || dependency.objsubid != object.objectSubId) return;
    AddToDrop(drops, {dependency.refclassid, dependency.refobjid, dependency.refobjsubid});
  });
}

void AddDependents(DropSet* drops, const ObjectAddress& object, bool cascade) {
  ForEachDependent(object, [&](const FormData_pg_depend& dependency) {
    if (dependency.deptype == DEPENDENCY_NORMAL && !cascade) return;
    const ObjectAddress dependent = {dependency.classid, dependency.objid, dependency.objsubid};
    AddToDrop(drops, dependent);
    if (dependency.deptype != DEPENDENCY_INTERNAL) AddOwners(drops, dependent);
  });
}

// The functions of that name with as many arguments; without arguments given, all of that name.
void AddDropOfFunctions(LockSet* set, const ObjectWithArgs* function, bool cascade) {
  const int names = list_length(function->objname);
  const Oid schema = names > 1 ? get_namespace_oid(strVal(list_nth(function->objname, names - 2)), true) : InvalidOid;
  if (names > 1 && !OidIsValid(schema)) return;
  CatCList* candidates = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(strVal(llast(function->objname))));
  List* found = NIL;
  for (int i = 0; i < candidates->n_members; ++i) {
    auto* form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(&candidates->members[i]->tuple));
    const bool fits = function->args_unspecified || form->pronargs == list_length(function->objargs);
    const bool there = names > 1 ? form->pronamespace == schema : FunctionIsVisible(form->oid);
    if (fits && there) found = lappend_oid(found, form->oid);
  }
  ReleaseSysCacheList(candidates);
  ListCell* cell;
  foreach (cell, found) AddDropOf(set, {ProcedureRelationId, lfirst_oid(cell), 0}, cascade);
}

// DROP INDEX CONCURRENTLY: the index itself is locked more strongly at the end, when nobody uses it any more.
void AddDropIndexConcurrently(LockSet* set, Oid index) {
  AddLock(set, index, ShareUpdateExclusiveLock);
  if (OidIsValid(index)) AddLock(set, IndexGetRelation(index, true), ShareUpdateExclusiveLock);
}

void AddDropOnTable(LockSet* set, const DropStmt* drop, List* names) {
  const int count = list_length(names);
  if (count < 2) return;
  const Oid relation = FindRelationByNames(list_copy_head(names, count - 1));
  const Oid object = FindOnTable(drop->removeType, relation, strVal(llast(names)));
  const Oid catalog = drop->removeType == OBJECT_TRIGGER ? TriggerRelationId
                      : drop->removeType == OBJECT_RULE  ? RewriteRelationId
                                                         : PolicyRelationId;
  if (OidIsValid(object)) AddDropOf(set, {catalog, object, 0}, drop->behavior == DROP_CASCADE);
}

void AddDropOne(LockSet* set, const DropStmt* drop, Node* object) {
  const bool cascade = drop->behavior == DROP_CASCADE;
  ObjectAddress address = {InvalidOid, InvalidOid, 0};
  switch (drop->removeType) {
    case OBJECT_INDEX:
      if (drop->concurrent) {
        AddDropIndexConcurrently(set, FindRelationByNames(castNode(List, object)));
        return;
      }
      [[fallthrough]];
    case OBJECT_TABLE:
    case OBJECT_FOREIGN_TABLE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
    case OBJECT_SEQUENCE:
      address = {RelationRelationId, FindRelationByNames(castNode(List, object)), 0};
      break;
    case OBJECT_TRIGGER:
    case OBJECT_RULE:
    case OBJECT_POLICY:
      AddDropOnTable(set, drop, castNode(List, object));
      return;
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
      address = {TypeRelationId, FindType(castNode(TypeName, object)->names), 0};
      break;
    case OBJECT_SCHEMA:
      address = {NamespaceRelationId, get_namespace_oid(strVal(object), true), 0};
      break;
    case OBJECT_EXTENSION:
      address = {ExtensionRelationId, get_extension_oid(strVal(object), true), 0};
      break;
    case OBJECT_STATISTIC_EXT:
      address = {StatisticExtRelationId, FindStatistics(castNode(List, object)), 0};
      break;
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_ROUTINE:
    case OBJECT_AGGREGATE:
      AddDropOfFunctions(set, castNode(ObjectWithArgs, object), cascade);
      return;
    default:
      return;
  }
  if (OidIsValid(address.objectId)) AddDropOf(set, address, cascade);
}

}  // namespace

void AddDropOf(LockSet* set, ObjectAddress object, bool cascade) {
  // Objects of the server itself have no end of dependents, and are not dropped.
  if (object.objectId < FirstNormalObjectId) return;
  DropSet drops = EmptyDropSet();
  AddToDrop(&drops, object);
  for (int i = 0; i < list_length(drops.waiting); ++i) {
    CHECK_FOR_INTERRUPTS();
    const auto* next = static_cast<ObjectAddress*>(list_nth(drops.waiting, i));
    AddLocksOf(set, *next);
    AddDependents(&drops, *next, cascade);
  }
}

void AddDrop(LockSet* set, DropStmt* drop) {
  ListCell* cell;
  foreach (cell, drop->objects) AddDropOne(set, drop, static_cast<Node*>(lfirst(cell)));
}

Oid FindOnTable(ObjectType type, Oid relation, const char* name) {
  if (!OidIsValid(relation)) return InvalidOid;
  switch (type) {
    case OBJECT_TRIGGER:
      return get_trigger_oid(relation, name, true);
    case OBJECT_RULE:
      return get_rewrite_oid(relation, name, true);
    case OBJECT_POLICY:
      return get_relation_policy_oid(relation, name, true);
    default:
      return InvalidOid;
  }
}

}  // namespace headway::pg
