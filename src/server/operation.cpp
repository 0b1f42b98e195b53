#include "server/operation.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "engine/turn.hpp"
#include "operations/operation.hpp"
#include "pg/call_shape.hpp"
#include "pg/function_call.hpp"
#include "server/backfill.hpp"
#include "server/doors.hpp"
#include "server/services.hpp"
#include "server/sessions.hpp"

namespace headway::server {

using core::Format;

bool HasOwnTransactions(std::string_view function) {
  return function == "safe_backfill" || function == "safe_delete" || operations::FindOperation(function) != nullptr;
}

std::int64_t Operate(FunctionCallInfo call) {
  const std::string function = pg::CalledFunction(call);
  pg::RequireWritable(function.c_str());
  pg::WorkerRequest request{kOperationVerb, pg::ArgumentTexts(call)};
  request.arguments.insert(request.arguments.begin(), function);
  const DoorResult through = ThroughWorker(call, request);
  if (through.taken) return through.result;
  RefuseInTransaction(function, "Each of its phases commits. " + through.why_not);
}

std::int64_t OperateInWorker(const pg::WorkerRequest& request) {
  operations::OperationCall call;
  call.function = *request.arguments.at(0);
  call.arguments.assign(request.arguments.begin() + 1, request.arguments.end());
  call.backfill = BackfillTable;
  const operations::MakeOperation make = operations::FindOperation(call.function);
  if (make == nullptr) {
    throw core::Error(core::sqlstate::kInternalError, Format("there is no operation \"%1%\"", call.function));
  }
  WorkerSession session;
  BackendClock clock;
  BackendReporter reporter;
  const core::RetryPolicy policy = PolicyFromSettings(true);
  engine::PhaseRunner runner(session, clock, reporter, policy);
  const auto prepare = [&] { return runner.Make(call.function, [&] { return make(call); }); };
  // Whoever has had the turn before may have changed what there is to do.
  engine::PhasedOperation operation = prepare();
  JobLock turn("operation on " + operation.table);
  engine::TakeTurn(session, turn, clock, reporter, policy.lock_retry_ms,
                   {Format("another operation on %1% is in progress", operation.table),
                    Format("waiting for another operation on %1% to end", operation.table)});
  operation = prepare();
  return runner.Run(operation);
}

}  // namespace headway::server
