#include "pg/catalog/check_expression.hpp"

#include "pg/guard.hpp"
#include "pg/postgres.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/pg_constraint.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "utils/rel.h"
}

namespace headway::pg {

namespace {

// As the server cooks it when it stores one; the raw expression is part of the text. REQUIRES: inside a guard.
Node* Cook(Relation table, Node* raw, const char* text) {
  ParseState* state = make_parsestate(nullptr);
  state->p_sourcetext = text;
  ParseNamespaceItem* item = addRangeTableEntryForRelation(state, table, AccessShareLock, nullptr, false, true);
  addNSItemToQuery(state, item, true, true, true);
  Node* expression = transformExpr(state, raw, EXPR_KIND_CHECK_CONSTRAINT);
  expression = coerce_to_boolean(state, expression, "CHECK");
  assign_expr_collations(state, expression);
  return expression;
}

// The only one in a SELECT. REQUIRES: inside a guard.
Node* RawExpression(const char* text) {
  auto* raw = linitial_node(RawStmt, raw_parser(text, RAW_PARSE_DEFAULT));
  return linitial_node(ResTarget, castNode(SelectStmt, raw->stmt)->targetList)->val;
}

template <class Body>
auto WithCooked(Oid relation, const std::string& expression, Body&& body) {
  const std::string text = "SELECT " + expression;
  return GuardedIn(text, [&] {
    Relation table = table_open(relation, AccessShareLock);
    const auto result = body(table, Cook(table, RawExpression(text.c_str()), text.c_str()));
    table_close(table, AccessShareLock);
    return result;
  });
}

const char* OnlyColumn(Relation table, Node* expression) {
  const char* name = nullptr;
  ListCell* cell;
  foreach (cell, pull_var_clause(expression, 0)) {
    const AttrNumber number = lfirst_node(Var, cell)->varattno;
    if (number <= 0) return nullptr;
    const char* found = NameStr(TupleDescAttr(RelationGetDescr(table), number - 1)->attname);
    if (name != nullptr && std::strcmp(name, found) != 0) return nullptr;
    name = found;
  }
  return name == nullptr ? nullptr : pstrdup(name);
}

bool SameAsStored(Relation table, const char* name, const Node* expression) {
  const Oid constraint = get_relation_constraint_oid(RelationGetRelid(table), name, true);
  if (!OidIsValid(constraint)) return false;
  HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
  if (!HeapTupleIsValid(tuple)) return false;
  bool isnull;
  Datum stored = SysCacheGetAttr(CONSTROID, tuple, Anum_pg_constraint_conbin, &isnull);
  const bool same = !isnull && equal(stringToNode(TextDatumGetCString(stored)), expression);
  ReleaseSysCache(tuple);
  return same;
}

}  // namespace

std::string OnlyColumnOf(Oid relation, const std::string& expression) {
  const char* name = WithCooked(relation, expression, OnlyColumn);
  return name == nullptr ? std::string() : std::string(name);
}

bool IsSameCheck(Oid relation, const std::string& name, const std::string& expression) {
  return WithCooked(relation, expression,
                    [&](Relation table, Node* cooked) { return SameAsStored(table, name.c_str(), cooked); });
}

void RequireCheckable(const std::string& statement) {
  const char* text = statement.c_str();
  GuardedIn(statement, [&] {
    const auto* alter = castNode(AlterTableStmt, linitial_node(RawStmt, raw_parser(text, RAW_PARSE_DEFAULT))->stmt);
    const auto* command = linitial_node(AlterTableCmd, alter->cmds);
    Relation table = table_openrv(alter->relation, AccessShareLock);
    Cook(table, castNode(Constraint, command->def)->raw_expr, text);
    table_close(table, AccessShareLock);
  });
}

}  // namespace headway::pg
