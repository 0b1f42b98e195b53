#include "commands/safe_operation.hpp"

#include "adapters/engine_ports.hpp"
#include "adapters/execution_mode.hpp"
#include "adapters/sessions.hpp"
#include "commands/backfill.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "engine/turn.hpp"
#include "engine/unit.hpp"
#include "operations/operation_call.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/function_call.hpp"
#include "pg/process/top_level_call.hpp"

namespace headway::server {

using core::Format;

namespace {

struct OperationRequest {
  std::string function;
  std::vector<pg::Field> arguments;
};

void Exchange(pg::RequestFields& fields, OperationRequest& request) { fields& request.function& request.arguments; }

// The table that others wait for. What there is to do is looked at for it; but whoever works on the table now may have
// it half changed, so that what is refused before it is our turn may be right when it is.
std::string TableOf(engine::Session& session, const operations::OperationCall& call,
                    const std::function<engine::PhasedOperation()>& prepare) {
  std::optional<core::Error> refusal;
  try {
    return prepare().table;
  } catch (const core::Error& error) {
    refusal = error;
  }
  session.Rollback();
  const std::optional<std::uint32_t> relation = operations::NamedRelation(call);
  if (!relation || refusal->Is(core::sqlstate::kQueryCanceled)) throw core::Error(*refusal);
  engine::Unit looking(session);
  std::string name = pg::QualifiedName(*relation);
  looking.Commit();
  if (name.empty()) throw core::Error(*refusal);
  return name;
}

}  // namespace

bool HasOwnTransactions(std::string_view function) {
  return function == "safe_backfill" || function == "safe_delete" || operations::FindOperation(function) != nullptr;
}

std::int64_t Operate(FunctionCallInfo call) {
  const std::string function = pg::CalledFunction(call);
  pg::RequireWritable(function.c_str());
  const OperationRequest request{function, pg::ArgumentTexts(call)};
  const WorkerOutcome through = RunInWorkerIfAlone(call, pg::MakeRequest(kOperationVerb, request));
  if (through.taken) return through.result;
  RefuseInTransaction(function, "Each of its phases commits.", through.why_not);
}

std::int64_t OperateInWorker(const pg::WorkerRequest& request) {
  const auto wanted = pg::ReadRequest<OperationRequest>(request);
  const operations::OperationCall call{wanted.function, wanted.arguments, RunBackfillHere};
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
  const std::string table = TableOf(session, call, prepare);
  JobLock turn("operation on " + table);
  engine::WaitForTurn(session, turn, clock, reporter, policy.lock_retry_ms,
                      {Format("another operation on %1% is in progress", table),
                       Format("waiting for another operation on %1% to end", table)});
  // Whoever has had the turn before may have changed what there is to do.
  return runner.Run(prepare());
}

}  // namespace headway::server
