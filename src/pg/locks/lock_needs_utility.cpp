// The locks of utility statements other than ALTER TABLE and DROP.
#include "pg/catalog/catalog_scan.hpp"
#include "pg/catalog/find_object.hpp"
#include "pg/compat.hpp"
#include "pg/locks/lock_set.hpp"
#include "pg/parse/statement_facts.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/heap.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_inherits.h"
#include "utils/rel.h"
}

namespace headway::pg {

namespace {

void AddCreateTable(LockSet* set, const CreateStmt* create) {
  if (create->if_not_exists && OidIsValid(FindRelation(create->relation))) return;
  const bool is_partition = create->partbound != nullptr;
  ListCell* cell;
  foreach (cell, create->inhRelations) {
    const Oid parent = AddNamed(set, lfirst_node(RangeVar, cell),
                                is_partition ? AccessExclusiveLock : ShareUpdateExclusiveLock, false);
    if (is_partition) AddNewPartitionOf(set, parent);
  }
  foreach (cell, create->tableElts) {
    auto* element = static_cast<Node*>(lfirst(cell));
    if (IsA(element, TableLikeClause)) {
      AddNamed(set, castNode(TableLikeClause, element)->relation, AccessShareLock, false);
    } else if (IsA(element, ColumnDef)) {
      AddReferenced(set, castNode(ColumnDef, element)->constraints);
    } else if (IsA(element, Constraint)) {
      AddReferenced(set, list_make1(element));
    }
  }
  AddReferenced(set, create->constraints);
}

void AddCreateIndex(LockSet* set, const IndexStmt* index) {
  AddNamed(set, index->relation, index->concurrent ? ShareUpdateExclusiveLock : ShareLock, true);
}

void AddReindexOfIndex(LockSet* set, Oid index, bool concurrently) {
  ListCell* cell;
  foreach (cell, find_all_inheritors(index, NoLock, nullptr)) {
    AddLock(set, IndexGetRelation(lfirst_oid(cell), true), concurrently ? ShareUpdateExclusiveLock : ShareLock);
    AddLock(set, lfirst_oid(cell), concurrently ? ShareUpdateExclusiveLock : AccessExclusiveLock);
  }
}

void AddReindexOfTable(LockSet* set, Oid table, bool concurrently) {
  const bool partitioned = get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE;
  ListCell* cell;
  foreach (cell, partitioned ? find_all_inheritors(table, NoLock, nullptr) : list_make1_oid(table)) {
    AddLock(set, lfirst_oid(cell), concurrently ? ShareUpdateExclusiveLock : ShareLock);
    AddIndexesOf(set, lfirst_oid(cell), concurrently ? ShareUpdateExclusiveLock : AccessExclusiveLock);
  }
}

void AddReindex(LockSet* set, const ReindexStmt* reindex) {
  const Oid relation = FindRelation(reindex->relation);
  if (!OidIsValid(relation)) return;
  const bool concurrently = HasTrueOption(reindex->params, "concurrently");
  if (IsIndex(relation)) {
    AddReindexOfIndex(set, relation, concurrently);
  } else {
    AddReindexOfTable(set, relation, concurrently);
  }
}

void AddCreateTrigger(LockSet* set, const CreateTrigStmt* trigger) {
  const Oid table = AddNamed(set, trigger->relation, ShareRowExclusiveLock, false);
  // A row trigger is made on each partition too.
  if (trigger->row && get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE) AddTree(set, table, ShareRowExclusiveLock);
  AddNamed(set, trigger->constrrel, AccessShareLock, false);
}

// The tables that reference one that is truncated, those that reference these, and so on.
void AddTruncate(LockSet* set, const TruncateStmt* truncate) {
  List* tables = NIL;
  ListCell* cell;
  foreach (cell, truncate->relations) {
    auto* name = lfirst_node(RangeVar, cell);
    const Oid table = FindRelation(name);
    if (!OidIsValid(table)) continue;
    tables =
        list_concat_unique_oid(tables, name->inh ? find_all_inheritors(table, NoLock, nullptr) : list_make1_oid(table));
  }
  while (truncate->behavior == DROP_CASCADE) {
    List* more = list_difference_oid(heap_truncate_find_FKs(tables), tables);
    if (more == NIL) break;
    tables = list_concat_unique_oid(tables, more);
  }
  foreach (cell, tables) {
    AddLock(set, lfirst_oid(cell), AccessExclusiveLock);
    if (truncate->restart_seqs) AddOwnedSequences(set, lfirst_oid(cell), AccessExclusiveLock);
  }
}

void AddCluster(LockSet* set, const compat::ClusterStatement* cluster) {
  const RangeVar* name = compat::ClusteredTable(cluster);
  if (name == nullptr) return;
  // Concurrently, others are shut out at the end, for a moment.
  const bool concurrently = HasTrueOption(compat::ClusterOptions(cluster), "concurrently");
  const Oid table = AddNamed(set, name, concurrently ? ShareUpdateExclusiveLock : AccessExclusiveLock, false);
  if (get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE) AddTree(set, table, AccessExclusiveLock);
}

void AddVacuum(LockSet* set, const VacuumStmt* vacuum) {
  const bool full = vacuum->is_vacuumcmd && HasTrueOption(vacuum->options, "full");
  const LOCKMODE mode = full ? AccessExclusiveLock : ShareUpdateExclusiveLock;
  ListCell* cell;
  foreach (cell, vacuum->rels) {
    const RangeVar* name = lfirst_node(VacuumRelation, cell)->relation;
    const Oid table = AddNamed(set, name, mode, false);
    if (compat::kVacuumDescends ? name->inh : get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE) {
      AddTree(set, table, mode);
    } else if (!full) {
      // The statistics of a parent are made of its children's rows too.
      AddTree(set, table, AccessShareLock);
    }
  }
}

void AddGrant(LockSet* set, const GrantStmt* grant) {
  const bool on_relations = grant->objtype == OBJECT_TABLE || grant->objtype == OBJECT_SEQUENCE;
  if (!compat::kGrantLocks || !on_relations || grant->targtype != ACL_TARGET_OBJECT) return;
  ListCell* cell;
  foreach (cell, grant->objects) AddNamed(set, lfirst_node(RangeVar, cell), AccessShareLock, false);
}

void AddLockTable(LockSet* set, const LockStmt* lock) {
  ListCell* cell;
  foreach (cell, lock->relations) {
    const Oid relation = AddNamed(set, lfirst_node(RangeVar, cell), lock->mode, true);
    AddViewSources(set, relation, lock->mode);
  }
}

void AddComment(LockSet* set, const CommentStmt* comment) {
  if (IsRelationType(comment->objtype)) {
    AddLock(set, FindRelationByNames(castNode(List, comment->object)), ShareUpdateExclusiveLock);
    return;
  }
  auto* names = comment->object != nullptr && IsA(comment->object, List) ? castNode(List, comment->object) : NIL;
  if (list_length(names) < 2) return;
  const Oid table = FindRelationByNames(list_copy_head(names, list_length(names) - 1));
  switch (comment->objtype) {
    case OBJECT_COLUMN:
      AddLock(set, table, ShareUpdateExclusiveLock);
      break;
    case OBJECT_TABCONSTRAINT:
    case OBJECT_TRIGGER:
    case OBJECT_RULE:
    case OBJECT_POLICY:
      AddLock(set, table, AccessShareLock);
      break;
    default:
      break;
  }
}

void AddRename(LockSet* set, const RenameStmt* rename) {
  const Oid relation = FindRelation(rename->relation);
  if (IsRelationType(rename->renameType)) {
    // Only ALTER INDEX knows beforehand that it is one.
    const bool is_index = rename->renameType == OBJECT_INDEX && IsIndex(relation);
    return AddLock(set, relation, is_index ? ShareUpdateExclusiveLock : AccessExclusiveLock);
  }
  switch (rename->renameType) {
    case OBJECT_COLUMN:
    case OBJECT_ATTRIBUTE:
      AddNamed(set, rename->relation, AccessExclusiveLock, true);
      break;
    case OBJECT_TABCONSTRAINT: {
      const ConstraintFacts facts = FactsOfConstraint(FindConstraint(relation, rename->subname));
      const bool inherited = facts.type == CONSTRAINT_CHECK && !facts.no_inherit;
      AddNamed(set, rename->relation, AccessExclusiveLock, inherited);
      break;
    }
    case OBJECT_TRIGGER:
      AddTree(set, relation, AccessExclusiveLock);
      break;
    case OBJECT_RULE:
    case OBJECT_POLICY:
      AddLock(set, relation, AccessExclusiveLock);
      break;
    default:
      break;
  }
}

void AddSetSchema(LockSet* set, const AlterObjectSchemaStmt* alter) {
  if (!IsRelationType(alter->objectType)) return;
  const Oid relation = AddNamed(set, alter->relation, AccessExclusiveLock, false);
  AddOwnedSequences(set, relation, AccessExclusiveLock);
}

void AddDependsOn(LockSet* set, const AlterObjectDependsStmt* alter) {
  const bool whole = IsRelationType(alter->objectType);
  AddNamed(set, alter->relation, whole ? AccessExclusiveLock : AccessShareLock, false);
}

void AddRefresh(LockSet* set, const RefreshMatViewStmt* refresh) {
  const Oid view = AddNamed(set, refresh->relation, refresh->concurrent ? ExclusiveLock : AccessExclusiveLock, false);
  if (!refresh->skipData) AddViewSources(set, view, AccessShareLock);
}

void AddCreateView(LockSet* set, const ViewStmt* view) {
  AddQuery(set, view->query);
  if (view->replace) AddNamed(set, view->view, AccessExclusiveLock, false);
}

void AddCreateStatistics(LockSet* set, const CreateStatsStmt* statistics) {
  ListCell* cell;
  foreach (cell, statistics->relations) {
    auto* source = static_cast<Node*>(lfirst(cell));
    if (IsA(source, RangeVar)) AddNamed(set, castNode(RangeVar, source), ShareUpdateExclusiveLock, false);
  }
}

void AddCreateRule(LockSet* set, const RuleStmt* rule) {
  AddNamed(set, rule->relation, AccessExclusiveLock, false);
  ListCell* cell;
  foreach (cell, rule->actions) {
    Node* action = static_cast<Node*>(lfirst(cell));
    if (!IsA(action, NotifyStmt)) AddQuery(set, action);
  }
}

// The tables with columns of a domain, or of a domain over it.
void AddUsersOfDomain(LockSet* set, Oid domain) {
  check_stack_depth();
  ForEachDependent({TypeRelationId, domain, 0}, [&](const FormData_pg_depend& dependency) {
    const Oid user = dependency.objid;
    if (dependency.classid == TypeRelationId && get_typtype(user) == TYPTYPE_DOMAIN) {
      AddUsersOfDomain(set, user);
    } else if (dependency.classid == RelationRelationId && dependency.objsubid > 0) {
      const char kind = get_rel_relkind(user);
      if (kind == RELKIND_RELATION || kind == RELKIND_MATVIEW) AddLock(set, user, ShareLock);
    }
  });
}

void AddAlterDomain(LockSet* set, const AlterDomainStmt* alter) {
  const Oid domain = FindType(alter->typeName);
  if (!OidIsValid(domain) || get_typtype(domain) != TYPTYPE_DOMAIN) return;
  // T: default, N: drop NOT NULL, O: set NOT NULL, C: add, X: drop, V: validate a constraint
  const bool checks_rows = alter->subtype == 'O' || alter->subtype == 'V' ||
                           (alter->subtype == 'C' && !castNode(Constraint, alter->def)->skip_validation);
  if (checks_rows) AddUsersOfDomain(set, domain);
}

void AddPublicationObjects(LockSet* set, List* objects) {
  ListCell* cell;
  foreach (cell, objects) {
    auto* object = lfirst_node(PublicationObjSpec, cell);
    if (object->pubtable != nullptr) AddNamed(set, object->pubtable->relation, ShareUpdateExclusiveLock, true);
  }
}

void AddCopy(LockSet* set, const CopyStmt* copy) {
  if (copy->relation == nullptr) {
    AddQuery(set, copy->query);
  } else {
    AddNamed(set, copy->relation, copy->is_from ? RowExclusiveLock : AccessShareLock, false);
  }
}

// CREATE TABLE AS, EXPLAIN and the like: what they contain.
void AddContained(LockSet* set, Node* statement) {
  switch (nodeTag(statement)) {
    case T_CreateTableAsStmt:
      AddQuery(set, castNode(CreateTableAsStmt, statement)->query);
      break;
    case T_ExplainStmt:
      AddQuery(set, castNode(ExplainStmt, statement)->query);
      break;
    case T_PrepareStmt:
      AddQuery(set, castNode(PrepareStmt, statement)->query);
      break;
    case T_DeclareCursorStmt:
      AddQuery(set, castNode(DeclareCursorStmt, statement)->query);
      break;
    case T_CreatePublicationStmt:
      AddPublicationObjects(set, castNode(CreatePublicationStmt, statement)->pubobjects);
      break;
    case T_AlterPublicationStmt:
      AddPublicationObjects(set, castNode(AlterPublicationStmt, statement)->pubobjects);
      break;
    default:
      break;
  }
}

void AddOnTable(LockSet* set, Node* statement) {
  switch (nodeTag(statement)) {
    case T_CreateTrigStmt:
      AddCreateTrigger(set, castNode(CreateTrigStmt, statement));
      break;
    case T_RuleStmt:
      AddCreateRule(set, castNode(RuleStmt, statement));
      break;
    case T_CreatePolicyStmt:
      AddNamed(set, castNode(CreatePolicyStmt, statement)->table, AccessExclusiveLock, false);
      break;
    case T_AlterPolicyStmt:
      AddNamed(set, castNode(AlterPolicyStmt, statement)->table, AccessExclusiveLock, false);
      break;
    case T_CreateStatsStmt:
      AddCreateStatistics(set, castNode(CreateStatsStmt, statement));
      break;
    case T_AlterSeqStmt:
      AddNamed(set, castNode(AlterSeqStmt, statement)->sequence, ShareRowExclusiveLock, false);
      break;
    case T_CommentStmt:
      AddComment(set, castNode(CommentStmt, statement));
      break;
    case T_RenameStmt:
      AddRename(set, castNode(RenameStmt, statement));
      break;
    case T_AlterObjectSchemaStmt:
      AddSetSchema(set, castNode(AlterObjectSchemaStmt, statement));
      break;
    case T_AlterObjectDependsStmt:
      AddDependsOn(set, castNode(AlterObjectDependsStmt, statement));
      break;
    case T_AlterDomainStmt:
      AddAlterDomain(set, castNode(AlterDomainStmt, statement));
      break;
    default:
      AddContained(set, statement);
      break;
  }
}

}  // namespace

void AddUtility(LockSet* set, Node* statement) {
  switch (nodeTag(statement)) {
    case T_CreateStmt:
      AddCreateTable(set, castNode(CreateStmt, statement));
      break;
    case T_CreateForeignTableStmt:
      AddCreateTable(set, &reinterpret_cast<CreateForeignTableStmt*>(statement)->base);
      break;
    case T_IndexStmt:
      AddCreateIndex(set, castNode(IndexStmt, statement));
      break;
    case T_ReindexStmt:
      AddReindex(set, castNode(ReindexStmt, statement));
      break;
    case T_TruncateStmt:
      AddTruncate(set, castNode(TruncateStmt, statement));
      break;
    case compat::kClusterTag:
      AddCluster(set, reinterpret_cast<compat::ClusterStatement*>(statement));
      break;
    case T_VacuumStmt:
      AddVacuum(set, castNode(VacuumStmt, statement));
      break;
    case T_GrantStmt:
      AddGrant(set, castNode(GrantStmt, statement));
      break;
    case T_LockStmt:
      AddLockTable(set, castNode(LockStmt, statement));
      break;
    case T_RefreshMatViewStmt:
      AddRefresh(set, castNode(RefreshMatViewStmt, statement));
      break;
    case T_ViewStmt:
      AddCreateView(set, castNode(ViewStmt, statement));
      break;
    case T_CopyStmt:
      AddCopy(set, castNode(CopyStmt, statement));
      break;
    default:
      AddOnTable(set, statement);
      break;
  }
}

}  // namespace headway::pg
