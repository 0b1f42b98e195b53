// safe_add_primary_key(): its columns made NOT NULL without a scan under a strong lock, then as safe_add_unique().
#include "core/format.hpp"
#include "operations/common_phases.hpp"
#include "operations/indexes.hpp"
#include "pg/text.hpp"

namespace headway::operations {

engine::PhasedOperation AddPrimaryKey(const OperationCall& call) {
  IndexRequest request = KeyRequest(call, "PRIMARY KEY");
  // A table has but one: without a name, one that is the same is the one that is meant.
  const std::optional<Constraint> existing = FindPrimaryKey(request.table);
  if (!call.Optional(2) && existing && existing->definition == request.constraint) request.name = existing->name;

  engine::PhasedOperation operation;
  operation.name =
      core::Format("safe_add_primary_key of %1% on %2%", pg::QuoteIdentifier(request.name), request.table.name);
  operation.table = request.table.name;
  RefuseOtherPrimaryKey(request);
  for (const std::string& column : request.keys) {
    AppendNotNull(operation, call, request.table, column, std::nullopt);
  }
  AppendIndex(operation, request);
  return operation;
}

}  // namespace headway::operations
