// safe_add_unique(): a unique index is built concurrently and becomes the constraint under a short lock.
#include "core/format.hpp"
#include "operations/indexes.hpp"
#include "pg/text.hpp"

namespace headway::operations {

engine::PhasedOperation AddUnique(const OperationCall& call) {
  const IndexRequest request = KeyRequest(call, "UNIQUE");
  engine::PhasedOperation operation;
  operation.name = core::Format("safe_add_unique of %1% on %2%", pg::QuoteIdentifier(request.name), request.table.name);
  operation.table = request.table.name;
  AppendIndex(operation, request);
  return operation;
}

}  // namespace headway::operations
