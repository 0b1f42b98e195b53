// safe_add_check(): added NOT VALID under a short lock, validated without keeping anyone from the table.
#include "core/format.hpp"
#include "operations/common_phases.hpp"
#include "pg/catalog/check_expression.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/catalog/table_shape.hpp"
#include "pg/parse/clause.hpp"
#include "pg/text.hpp"

namespace headway::operations {

using core::Format;

engine::PhasedOperation AddCheck(const OperationCall& call) {
  const Table table = RequireTable(call.Relation(0, "relation"));
  const std::string expression = call.Text(1, "expression");
  pg::RequireExpression(expression, "expression");
  const std::string column = pg::OnlyColumnOf(table.oid, expression);
  const std::string name = call.Optional(2).value_or(pg::MakeObjectName(table.last_name, column, "check"));

  engine::PhasedOperation operation;
  operation.name = Format("safe_add_check of %1% on %2%", pg::QuoteIdentifier(name), table.name);
  operation.table = table.name;
  AppendCheck(operation, table, name, expression);
  return operation;
}

}  // namespace headway::operations
