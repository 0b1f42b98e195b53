#include "pg/parse/enum_value.hpp"

#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/parse/raw_parse.hpp"

namespace headway::pg {

namespace {

struct Wanted {
  const char* schema;  // empty: it was left out
  const char* type;
  const char* value;
};

bool IsType(const TypeName* name, const Wanted& wanted) {
  if (name == nullptr || name->names == NIL || name->arrayBounds != NIL) return false;
  const int count = list_length(name->names);
  if (std::strcmp(strVal(llast(name->names)), wanted.type) != 0) return false;
  if (count < 2 || wanted.schema[0] == '\0') return true;
  return std::strcmp(strVal(list_nth(name->names, count - 2)), wanted.schema) == 0;
}

bool IsValue(const Node* node, const Wanted& wanted) {
  if (node == nullptr || !IsA(node, A_Const)) return false;
  const auto* constant = reinterpret_cast<const A_Const*>(node);
  return !constant->isnull && IsA(&constant->val, String) && std::strcmp(constant->val.sval.sval, wanted.value) == 0;
}

// Of an expression or a query.
bool Casts(Node* node, void* context) {
  if (node == nullptr) return false;
  if (IsA(node, TypeCast)) {
    const auto& wanted = *static_cast<const Wanted*>(context);
    const auto* cast = castNode(TypeCast, node);
    if (IsType(cast->typeName, wanted) && IsValue(cast->arg, wanted)) return true;
  }
  return compat::WalkRawTree(node, Casts, context);
}

bool UsesInConstraints(const ColumnDef* column, Wanted& wanted) {
  ListCell* cell;
  foreach (cell, column->constraints) {
    auto* constraint = lfirst_node(Constraint, cell);
    const bool is_default = constraint->contype == CONSTR_DEFAULT;
    if (is_default && IsType(column->typeName, wanted) && IsValue(constraint->raw_expr, wanted)) return true;
    if (Casts(constraint->raw_expr, &wanted)) return true;
  }
  return false;
}

// Columns, constraints and defaults of CREATE TABLE and ALTER TABLE.
bool UsesInElements(const List* elements, Wanted& wanted) {
  ListCell* cell;
  foreach (cell, elements) {
    auto* element = static_cast<Node*>(lfirst(cell));
    const bool sets_default =
        IsA(element, AlterTableCmd) && castNode(AlterTableCmd, element)->subtype == AT_ColumnDefault;
    if (IsA(element, AlterTableCmd)) element = castNode(AlterTableCmd, element)->def;
    if (element == nullptr) continue;
    if (IsA(element, ColumnDef) && UsesInConstraints(castNode(ColumnDef, element), wanted)) return true;
    if (IsA(element, Constraint) && Casts(castNode(Constraint, element)->raw_expr, &wanted)) return true;
    if (sets_default && Casts(element, &wanted)) return true;
  }
  return false;
}

bool UsesInStatement(Node* tree, Wanted& wanted) {
  switch (nodeTag(tree)) {
    case T_SelectStmt:
    case T_InsertStmt:
    case T_UpdateStmt:
    case T_DeleteStmt:
    case T_MergeStmt:
      return Casts(tree, &wanted);
    case T_CreateStmt:
      return UsesInElements(castNode(CreateStmt, tree)->tableElts, wanted);
    case T_AlterTableStmt:
      return UsesInElements(castNode(AlterTableStmt, tree)->cmds, wanted);
    case T_IndexStmt:
      return Casts(castNode(IndexStmt, tree)->whereClause, &wanted);
    case T_CreateTableAsStmt:
      return IsA(castNode(CreateTableAsStmt, tree)->query, SelectStmt) &&
             Casts(castNode(CreateTableAsStmt, tree)->query, &wanted);
    case T_ViewStmt:
      return Casts(castNode(ViewStmt, tree)->query, &wanted);
    default:
      return false;
  }
}

}  // namespace

bool CastsToEnumValue(const std::string& statement, const core::ObjectName& type, const std::string& value) {
  const QuietParsing silence;
  return Guarded([&] {
    Wanted wanted = {type.schema.c_str(), type.name.c_str(), value.c_str()};
    ListCell* cell;
    foreach (cell, ParseStatements(statement.c_str())) {
      if (UsesInStatement(lfirst_node(RawStmt, cell)->stmt, wanted)) return true;
    }
    return false;
  });
}

}  // namespace headway::pg
