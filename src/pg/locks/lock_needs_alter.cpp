// The locks of ALTER TABLE and its relatives (ALTER INDEX, VIEW, SEQUENCE, MATERIALIZED VIEW, TYPE of a row).
//
// The server's own AlterTableGetLockLevel gives the mode; what is here is which other relations get it too, and which
// get another one.
#include "pg/catalog/catalog_scan.hpp"
#include "pg/catalog/find_object.hpp"
#include "pg/compat.hpp"
#include "pg/locks/lock_set.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "commands/tablecmds.h"
}

namespace headway::pg {

namespace {

// One ALTER TABLE at work.
struct Alteration {
  LockSet* set;
  Oid table;
  LOCKMODE mode;
  bool recurses;  // not ONLY
  bool partitioned;
};

// The tables made OF a row type change with it, when CASCADE allows it.
void AddTablesOfType(LockSet* set, Oid row_type, LOCKMODE mode) {
  ForEachTuple(
      RelationRelationId, InvalidOid, IsOid(Anum_pg_class_reloftype, row_type),
      [&](HeapTuple tuple, TupleDesc) { AddTree(set, reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->oid, mode); });
}

void Descend(const Alteration& alteration) {
  if (alteration.recurses) AddTree(alteration.set, alteration.table, alteration.mode);
  if (get_rel_relkind(alteration.table) == RELKIND_COMPOSITE_TYPE) {
    AddTablesOfType(alteration.set, get_rel_type_id(alteration.table), alteration.mode);
  }
}

void AddPartitionsOf(LockSet* set, Oid relation, LOCKMODE mode) {
  if (get_rel_relkind(relation) == RELKIND_PARTITIONED_TABLE) AddTree(set, relation, mode);
}

void OnAddConstraint(const Alteration& alteration, const Constraint* constraint) {
  switch (constraint->contype) {
    case CONSTR_FOREIGN:
      AddTree(alteration.set, FindRelation(constraint->pktable), ShareRowExclusiveLock);
      if (alteration.partitioned) Descend(alteration);
      break;
    case CONSTR_PRIMARY:
      // Its columns become NOT NULL, in the descendants too.
      if (constraint->indexname == nullptr) Descend(alteration);
      break;
    case CONSTR_UNIQUE:
      if (alteration.partitioned && alteration.recurses && constraint->indexname == nullptr) {
        AddTree(alteration.set, alteration.table, compat::kConstraintsDescend ? alteration.mode : ShareLock);
      }
      break;
    case CONSTR_CHECK:
    case CONSTR_NOTNULL:
      if (!constraint->is_no_inherit || compat::kConstraintsDescend) Descend(alteration);
      break;
    default:
      break;
  }
}

void OnDropConstraint(const Alteration& alteration, const AlterTableCmd* command) {
  const Oid constraint = FindConstraint(alteration.table, command->name);
  const ConstraintFacts facts = FactsOfConstraint(constraint);
  if (!facts.found) return;
  AddDropOf(alteration.set, {ConstraintRelationId, constraint, 0}, command->behavior == DROP_CASCADE);
  AddLock(alteration.set, facts.referenced, AccessExclusiveLock);
  if (!facts.no_inherit) Descend(alteration);
}

void OnDropColumn(const Alteration& alteration, const AlterTableCmd* command) {
  Descend(alteration);
  List* tables =
      alteration.recurses ? find_all_inheritors(alteration.table, NoLock, nullptr) : list_make1_oid(alteration.table);
  ListCell* cell;
  foreach (cell, tables) {
    const AttrNumber column = get_attnum(lfirst_oid(cell), command->name);
    if (column == InvalidAttrNumber) continue;
    AddDropOf(alteration.set, {RelationRelationId, lfirst_oid(cell), column}, command->behavior == DROP_CASCADE);
  }
}

// Foreign keys over the column are made again.
void OnColumnType(const Alteration& alteration, const AlterTableCmd* command) {
  Descend(alteration);
  const AttrNumber column = get_attnum(alteration.table, command->name);
  if (column == InvalidAttrNumber) return;
  AddForeignKeyEnds(alteration.set, alteration.table, column, AccessExclusiveLock, AccessExclusiveLock);
}

void OnValidate(const Alteration& alteration, const AlterTableCmd* command) {
  const ConstraintFacts facts = FactsOfConstraint(FindConstraint(alteration.table, command->name));
  if (!facts.found) return;
  if (facts.type == CONSTRAINT_FOREIGN) {
    AddLock(alteration.set, facts.referenced, RowShareLock);
  } else if (!facts.no_inherit) {
    Descend(alteration);
  }
}

void OnEnforcement(const Alteration& alteration, const AlterTableCmd* command) {
  const char* name = compat::ConstraintMadeEnforcedOrNot(command);
  if (name == nullptr) return;
  AddLock(alteration.set, FactsOfConstraint(FindConstraint(alteration.table, name)).referenced, AccessExclusiveLock);
}

void OnAttach(const Alteration& alteration, const PartitionCmd* partition) {
  if (IsIndex(alteration.table)) {
    AddNamed(alteration.set, partition->name, AccessExclusiveLock, false);
    return;
  }
  AddTree(alteration.set, FindRelation(partition->name), AccessExclusiveLock);
  AddNewPartitionOf(alteration.set, alteration.table);
  // The indexes that the partition lacks are made and attached.
  AddIndexesOf(alteration.set, alteration.table, ShareUpdateExclusiveLock);
}

void OnDetach(const Alteration& alteration, const PartitionCmd* partition) {
  const LOCKMODE mode = partition->concurrent ? ShareUpdateExclusiveLock : AccessExclusiveLock;
  const Oid table = FindRelation(partition->name);
  AddLock(alteration.set, table, mode);
  if (!OidIsValid(table) || partition->concurrent) return;
  AddTree(alteration.set, table, AccessExclusiveLock);
  AddLock(alteration.set, DefaultPartitionOf(alteration.table), AccessExclusiveLock);
  // A foreign key of the parent becomes the partition's own; those that reference the parent let go of it.
  AddForeignKeyEnds(alteration.set, table, InvalidAttrNumber, ShareRowExclusiveLock, AccessExclusiveLock);
}

void OnTriggers(const Alteration& alteration) {
  if (alteration.partitioned) Descend(alteration);
}

// REQUIRES: command->def is there.
void OnPartitioning(const Alteration& alteration, const AlterTableCmd* command) {
  const auto* partition = castNode(PartitionCmd, command->def);
  if (command->subtype == AT_AttachPartition) {
    OnAttach(alteration, partition);
  } else if (command->subtype == AT_DetachPartition) {
    OnDetach(alteration, partition);
  } else {
    AddNamed(alteration.set, partition->name, AccessExclusiveLock, false);
  }
}

void OnInheritance(const Alteration& alteration, const AlterTableCmd* command) {
  const bool joins = command->subtype == AT_AddInherit;
  AddNamed(alteration.set, castNode(RangeVar, command->def), joins ? ShareUpdateExclusiveLock : AccessShareLock, false);
  if (joins) AddTree(alteration.set, alteration.table, AccessExclusiveLock);
}

void OnColumn(const Alteration& alteration, const AlterTableCmd* command) {
  Descend(alteration);
  if (command->subtype != AT_AddColumn) return;
  AddReferenced(alteration.set, castNode(ColumnDef, command->def)->constraints);
}

void OnCommand(const Alteration& alteration, const AlterTableCmd* command) {
  switch (command->subtype) {
    case AT_AddColumn:
    case AT_ColumnDefault:
    case AT_SetNotNull:
    case AT_DropNotNull:
    case AT_DropExpression:
    case AT_SetStatistics:
    case AT_SetStorage:
      OnColumn(alteration, command);
      break;
    case AT_DropColumn:
      OnDropColumn(alteration, command);
      break;
    case AT_AlterColumnType:
      OnColumnType(alteration, command);
      break;
    case AT_AddConstraint:
      OnAddConstraint(alteration, castNode(Constraint, command->def));
      break;
    case AT_DropConstraint:
      OnDropConstraint(alteration, command);
      break;
    case AT_ValidateConstraint:
      OnValidate(alteration, command);
      break;
    case AT_AlterConstraint:
      OnTriggers(alteration);
      OnEnforcement(alteration, command);
      break;
    case AT_EnableTrig:
    case AT_EnableAlwaysTrig:
    case AT_EnableReplicaTrig:
    case AT_EnableTrigAll:
    case AT_EnableTrigUser:
    case AT_DisableTrig:
    case AT_DisableTrigAll:
    case AT_DisableTrigUser:
      OnTriggers(alteration);
      break;
    case AT_AttachPartition:
    case AT_DetachPartition:
    case AT_DetachPartitionFinalize:
      OnPartitioning(alteration, command);
      break;
    case AT_AddInherit:
    case AT_DropInherit:
      OnInheritance(alteration, command);
      break;
    case AT_ChangeOwner:
    case AT_SetLogged:
    case AT_SetUnLogged:
      AddOwnedSequences(alteration.set, alteration.table, AccessExclusiveLock);
      break;
    case AT_DropIdentity:
      AddIdentitySequence(alteration.set, alteration.table, command->name, AccessExclusiveLock);
      break;
    case AT_SetIdentity:
      AddIdentitySequence(alteration.set, alteration.table, command->name, ShareRowExclusiveLock);
      break;
    case AT_ClusterOn:
      AddLock(alteration.set, get_relname_relid(command->name, get_rel_namespace(alteration.table)), alteration.mode);
      break;
    default:
      break;
  }
}

}  // namespace

void AddReferenced(LockSet* set, List* constraints) {
  ListCell* cell;
  foreach (cell, constraints) {
    const auto* constraint = lfirst_node(Constraint, cell);
    if (constraint->contype == CONSTR_FOREIGN) AddTree(set, FindRelation(constraint->pktable), ShareRowExclusiveLock);
  }
}

void AddNewPartitionOf(LockSet* set, Oid parent) {
  if (!OidIsValid(parent)) return;
  const Oid default_partition = DefaultPartitionOf(parent);
  AddLock(set, default_partition, AccessExclusiveLock);
  if (OidIsValid(default_partition)) AddPartitionsOf(set, default_partition, AccessExclusiveLock);
  AddForeignKeyEnds(set, parent, InvalidAttrNumber, ShareRowExclusiveLock, ShareRowExclusiveLock);
}

void AddAlterTable(LockSet* set, AlterTableStmt* alter) {
  const Oid table = FindRelation(alter->relation);
  if (!OidIsValid(table)) return;
  const LOCKMODE mode = AlterTableGetLockLevel(alter->cmds);
  const bool partitioned = get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE;
  const Alteration alteration = {set, table, mode, alter->relation->inh, partitioned};
  AddLock(set, table, mode);
  ListCell* cell;
  foreach (cell, alter->cmds) OnCommand(alteration, lfirst_node(AlterTableCmd, cell));
}

}  // namespace headway::pg
