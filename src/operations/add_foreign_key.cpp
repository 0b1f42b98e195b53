// safe_add_foreign_key(): added NOT VALID under a short lock on both tables, validated while others read and write.
#include "core/format.hpp"
#include "operations/common_phases.hpp"
#include "pg/parse/foreign_key.hpp"
#include "pg/text.hpp"

namespace headway::operations {

using core::Format;

engine::PhasedOperation AddForeignKey(const OperationCall& call) {
  const Table table = RequireTable(call.Relation(0, "relation"));
  const std::string definition = call.Text(1, "definition");
  const std::string name = call.Optional(2).value_or(ForeignKeyName(table, definition));
  engine::PhasedOperation operation;
  operation.name = Format("safe_add_foreign_key of %1% on %2%", pg::QuoteIdentifier(name), table.name);
  operation.table = table.name;
  AppendForeignKey(operation, table, name, definition);
  return operation;
}

}  // namespace headway::operations
