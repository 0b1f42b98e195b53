// The locks of INSERT, UPDATE, DELETE, MERGE, SELECT and COPY, from their raw trees.
//
// Views stay as themselves. Partitions are taken as if none were pruned; for INSERT only the named table is.
#include "pg/compat.hpp"
#include "pg/locks/lock_set.hpp"

namespace headway::pg {

namespace {

struct Walk {
  LockSet* set;
  List* shadowing;  // names (char*) of the WITH queries in scope
};

bool Visit(Node* node, void* context);

bool Shadowed(const Walk* walk, const RangeVar* name) {
  if (name->schemaname != nullptr) return false;
  ListCell* cell;
  foreach (cell, walk->shadowing) {
    if (std::strcmp(static_cast<const char*>(lfirst(cell)), name->relname) == 0) return true;
  }
  return false;
}

// Visits the WITH queries and brings their names into scope; the clause is taken out of the statement.
void EnterWith(Walk* walk, WithClause** clause) {
  if (*clause == nullptr) return;
  const WithClause* with = *clause;
  *clause = nullptr;
  List* names = list_copy(walk->shadowing);
  ListCell* cell;
  foreach (cell, with->ctes)
    if (with->recursive) names = lappend(names, lfirst_node(CommonTableExpr, cell)->ctename);
  foreach (cell, with->ctes) {
    auto* query = lfirst_node(CommonTableExpr, cell);
    walk->shadowing = names;
    Visit(query->ctequery, walk);
    if (!with->recursive) names = lappend(list_copy(names), query->ctename);
  }
  walk->shadowing = names;
}

void VisitTarget(Walk* walk, RangeVar** target, bool with_descendants) {
  AddNamed(walk->set, *target, RowExclusiveLock, with_descendants);
  *target = nullptr;
}

// The name by which FOR UPDATE OF knows an item of FROM.
bool IsLockedName(const RangeVar* item, const List* locked) {
  if (locked == NIL) return true;
  const char* name = item->alias != nullptr ? item->alias->aliasname : item->relname;
  ListCell* cell;
  foreach (cell, locked) {
    if (std::strcmp(lfirst_node(RangeVar, cell)->relname, name) == 0) return true;
  }
  return false;
}

void LockFromItem(const Walk* walk, Node* item, const List* locked) {
  if (item == nullptr) return;
  if (IsA(item, JoinExpr)) {
    LockFromItem(walk, castNode(JoinExpr, item)->larg, locked);
    LockFromItem(walk, castNode(JoinExpr, item)->rarg, locked);
  } else if (IsA(item, RangeVar)) {
    auto* name = castNode(RangeVar, item);
    if (!Shadowed(walk, name) && IsLockedName(name, locked)) AddNamed(walk->set, name, RowShareLock, true);
  } else if (IsA(item, RangeSubselect)) {
    const auto* subselect = castNode(RangeSubselect, item);
    if (locked != NIL || !IsA(subselect->subquery, SelectStmt)) return;
    ListCell* cell;
    foreach (cell, castNode(SelectStmt, subselect->subquery)->fromClause)
      LockFromItem(walk, static_cast<Node*>(lfirst(cell)), NIL);
  }
}

void VisitSelect(Walk* walk, SelectStmt* select) {
  EnterWith(walk, &select->withClause);
  // A table that SELECT INTO makes is not there yet.
  select->intoClause = nullptr;
  ListCell* clause;
  foreach (clause, select->lockingClause) {
    ListCell* item;
    foreach (item, select->fromClause)
      LockFromItem(walk, static_cast<Node*>(lfirst(item)), lfirst_node(LockingClause, clause)->lockedRels);
  }
  select->lockingClause = NIL;
}

// What a statement adds beyond its parts; the parts that must not be visited as tables to read are taken out.
void Enter(Walk* walk, Node* node) {
  switch (nodeTag(node)) {
    case T_SelectStmt:
      VisitSelect(walk, castNode(SelectStmt, node));
      break;
    case T_InsertStmt:
      EnterWith(walk, &castNode(InsertStmt, node)->withClause);
      VisitTarget(walk, &castNode(InsertStmt, node)->relation, false);
      break;
    case T_UpdateStmt:
      EnterWith(walk, &castNode(UpdateStmt, node)->withClause);
      VisitTarget(walk, &castNode(UpdateStmt, node)->relation, true);
      break;
    case T_DeleteStmt:
      EnterWith(walk, &castNode(DeleteStmt, node)->withClause);
      VisitTarget(walk, &castNode(DeleteStmt, node)->relation, true);
      break;
    case T_MergeStmt:
      EnterWith(walk, &castNode(MergeStmt, node)->withClause);
      VisitTarget(walk, &castNode(MergeStmt, node)->relation, true);
      break;
    default:
      break;
  }
}

bool Visit(Node* node, void* context) {
  if (node == nullptr) return false;
  auto* walk = static_cast<Walk*>(context);
  if (IsA(node, RangeVar)) {
    auto* name = castNode(RangeVar, node);
    if (!Shadowed(walk, name)) AddNamed(walk->set, name, AccessShareLock, true);
    return false;
  }
  // The names that a statement brings into scope end with it.
  List* outer = walk->shadowing;
  Enter(walk, node);
  compat::WalkRawTree(node, Visit, walk);
  walk->shadowing = outer;
  return false;
}

}  // namespace

void AddQuery(LockSet* set, Node* query) {
  Walk walk = {set, NIL};
  Visit(query, &walk);
}

}  // namespace headway::pg
