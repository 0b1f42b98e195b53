// safe_add_check(): added NOT VALID under a short lock, validated without keeping anyone from the table.
#include "core/format.hpp"
#include "operations/blocks.hpp"
#include "pg/check_expression.hpp"
#include "pg/table_shape.hpp"
#include "pg/text.hpp"

namespace headway::operations {

using core::Format;

engine::PhasedOperation AddCheck(const OperationCall& call) {
  const Table table = RequireTable(call.Relation(0, "relation"));
  const std::string expression = call.Text(1, "expression");
  pg::RequireExpression(expression, "expression");
  const std::string column = pg::OnlyColumnOf(table.oid, expression);
  const std::string name = call.Optional(2).value_or(pg::MakeObjectName(table.last_name, column, "check"));
  const std::string quoted = pg::QuoteIdentifier(name);

  engine::PhasedOperation operation;
  operation.name = Format("safe_add_check of %1% on %2%", quoted, table.name);
  operation.table = table.name;
  operation.phases.push_back(Statements(Format("add CHECK %1% NOT VALID", quoted), [=]() -> std::string {
    const std::optional<Constraint> existing = FindConstraint(table, name);
    if (!existing) {
      return Format("ALTER TABLE %1% ADD CONSTRAINT %2% CHECK (\n%3%\n) NOT VALID", pg::QualifiedName(table.oid),
                    quoted, expression);
    }
    if (existing->kind != 'c' || !pg::IsSameCheck(table.oid, name, expression)) ThrowOtherConstraint(table, *existing);
    return {};
  }));
  operation.phases.push_back(Validate(
      table, name,
      Format("New rows are checked already. Find the old ones with SELECT ... FROM %1% WHERE NOT (%2%), correct them, "
             "then call it again: it goes on here. To give up: ALTER TABLE %1% DROP CONSTRAINT %3%.",
             table.name, expression, quoted)));
  return operation;
}

}  // namespace headway::operations
