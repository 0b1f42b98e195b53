// safe_set_not_null(): the server proves NOT NULL from a validated CHECK instead of a scan under ACCESS EXCLUSIVE.
#include "core/format.hpp"
#include "operations/common_phases.hpp"
#include "pg/catalog/table_shape.hpp"
#include "pg/parse/clause.hpp"
#include "pg/text.hpp"

namespace headway::operations {

engine::PhasedOperation SetNotNull(const OperationCall& call) {
  const Table table = RequireTable(call.Relation(0, "relation"));
  const std::string column = RequireColumn(table, call.Text(1, "column_name")).name;
  engine::PhasedOperation operation;
  operation.name = core::Format("safe_set_not_null of %1%.%2%", table.name, pg::QuoteIdentifier(column));
  operation.table = table.name;
  std::optional<std::string> fill = call.Optional(2);
  if (fill) {
    pg::RequireExpression(*fill, "fill");
    fill = pg::QuoteIdentifier(column) + " = (\n" + *fill + "\n)";
  }
  AppendNotNull(operation, call, table, column, fill);
  return operation;
}

}  // namespace headway::operations
