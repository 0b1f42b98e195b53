// safe_create_index(): CREATE INDEX CONCURRENTLY, on a partitioned table partition by partition.
#include "core/format.hpp"
#include "operations/common_phases.hpp"
#include "operations/indexes.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/parse/index_clause.hpp"
#include "pg/text.hpp"

namespace headway::operations {

engine::PhasedOperation CreateIndex(const OperationCall& call) {
  IndexRequest request;
  request.table = RequireIndexed(call.Relation(0, "relation"));
  request.definition = call.Text(1, "definition");
  const pg::IndexClause clause = pg::ParseIndexClause(request.definition);
  request.unique = call.Boolean(2);
  request.columns = pg::JoinLabels(clause.labels);
  request.suffix = "idx";
  request.keys = clause.keys;
  request.only_columns = clause.only_columns;
  request.name =
      call.Name(3, "name").value_or(pg::MakeObjectName(request.table.last_name, request.columns, request.suffix));

  engine::PhasedOperation operation;
  operation.name =
      core::Format("safe_create_index of %1% on %2%", pg::QuoteIdentifier(request.name), request.table.name);
  operation.table = request.table.name;
  AppendIndex(operation, request);
  return operation;
}

}  // namespace headway::operations
