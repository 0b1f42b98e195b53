#include "pg/catalog/type_change.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "access/table.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_node.h"
#include "parser/parse_type.h"
#include "utils/rel.h"
#include "utils/typcache.h"
}

namespace headway::pg {

namespace {

// REQUIRES: inside a guard, and of all below. Nothing when the text is more than a type.
ColumnDef* ParseType(const char* text) {
  List* trees = raw_parser(text, RAW_PARSE_DEFAULT);
  if (list_length(trees) != 1) return nullptr;
  Node* statement = linitial_node(RawStmt, trees)->stmt;
  if (!IsA(statement, AlterTableStmt)) return nullptr;
  const auto* alter = castNode(AlterTableStmt, statement);
  if (list_length(alter->cmds) != 1) return nullptr;
  const auto* command = linitial_node(AlterTableCmd, alter->cmds);
  if (command->subtype != AT_AlterColumnType) return nullptr;
  auto* definition = castNode(ColumnDef, command->def);
  return definition->raw_default == nullptr ? definition : nullptr;
}

// As the server decides it, but for conversions of time that depend on the time zone: those are done row by row here.
bool Converts(Node* value) {
  for (;;) {
    if (IsA(value, Var)) return false;
    if (IsA(value, RelabelType)) {
      value = reinterpret_cast<Node*>(castNode(RelabelType, value)->arg);
    } else if (IsA(value, CoerceToDomain)) {
      if (compat::IsDomainWithConstraints(castNode(CoerceToDomain, value)->resulttype)) return true;
      value = reinterpret_cast<Node*>(castNode(CoerceToDomain, value)->arg);
    } else {
      return true;
    }
  }
}

struct RawChange {
  bool understood;
  bool same;
  bool rewrites;
  bool castable;
  const char* type;
  const char* checked_domain_of;
};

RawChange Look(Oid relation, const char* column, const char* text) {
  RawChange change = {};
  ColumnDef* definition = ParseType(text);
  if (definition == nullptr) return change;
  change.understood = true;
  HeapTuple tuple = SearchSysCacheAttName(relation, column);
  if (!HeapTupleIsValid(tuple)) return change;
  const auto* attribute = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple));
  Oid type;
  int32 modifier;
  ParseState* state = make_parsestate(nullptr);
  typenameTypeIdAndMod(state, definition->typeName, &type, &modifier);
  const Oid collation = GetColumnDefCollation(state, definition, type);
  change.type = format_type_extended(type, modifier, FORMAT_TYPE_TYPEMOD_GIVEN);
  if (compat::IsDomainWithConstraints(type)) {
    int32 base_modifier = modifier;
    const Oid base = getBaseTypeAndTypmod(type, &base_modifier);
    change.checked_domain_of = format_type_extended(base, base_modifier, FORMAT_TYPE_TYPEMOD_GIVEN);
  }
  const bool same_collation = collation == attribute->attcollation;
  change.same = type == attribute->atttypid && modifier == attribute->atttypmod && same_collation;
  Node* value = reinterpret_cast<Node*>(
      makeVar(1, attribute->attnum, attribute->atttypid, attribute->atttypmod, attribute->attcollation, 0));
  value = coerce_to_target_type(state, value, attribute->atttypid, type, modifier, COERCION_ASSIGNMENT,
                                COERCE_IMPLICIT_CAST, -1);
  ReleaseSysCache(tuple);
  change.castable = value != nullptr;
  if (value != nullptr) {
    assign_expr_collations(state, value);
    value = reinterpret_cast<Node*>(expression_planner(reinterpret_cast<Expr*>(value)));
  }
  change.rewrites = value == nullptr || !same_collation || Converts(value);
  return change;
}

}  // namespace

TypeChange DescribeTypeChange(Oid relation, const std::string& column, const std::string& type) {
  const std::string text = "ALTER TABLE t ALTER c TYPE " + type;
  RawChange raw = {};
  raw = GuardedIn(text, [&] { return Look(relation, column.c_str(), text.c_str()); });
  if (!raw.understood) {
    throw core::Error(core::sqlstate::kSyntaxError, "new_type must be a type and nothing else",
                      core::Format("Given: %1%", type),
                      "Write it as behind TYPE: 'bigint', 'numeric(12, 2)', 'text COLLATE \"C\"'. What converts the "
                      "values is an argument of its own, using_expression.");
  }
  return {raw.type == nullptr ? "" : raw.type, raw.same, raw.rewrites, raw.castable,
          raw.checked_domain_of == nullptr ? "" : raw.checked_domain_of};
}

}  // namespace headway::pg
