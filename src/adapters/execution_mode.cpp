#include "adapters/execution_mode.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/process/top_level_call.hpp"

namespace headway::server {

namespace {

// False: it cannot be given back.
template <class Body>
bool WithoutSnapshot(Body&& body) {
  pg::SnapshotRelease release;
  if (release.complete()) body();
  release.Restore();
  return release.complete();
}

}  // namespace

WorkerOutcome RunInWorkerIfAlone(FunctionCallInfo call, const pg::WorkerRequest& request, const Turn* turn) {
  WorkerOutcome result;
  result.why_not = pg::SurroundingsOf(call);
  if (!result.why_not.why.empty()) return result;
  result.taken = WithoutSnapshot([&] {
    if (turn != nullptr) turn->wait();
  });
  if (result.taken && turn != nullptr && turn->nothing_left()) return result;
  result.taken = result.taken && WithoutSnapshot([&] { result.result = pg::RunInWorker(request); });
  if (!result.taken) result.why_not = pg::OtherSnapshot();
  return result;
}

void RefuseInTransaction(const std::string& function, const std::string& commits,
                         const core::Surroundings& surroundings) {
  throw core::Error(core::sqlstate::kActiveSqlTransaction,
                    core::Format("%1%() cannot run inside a transaction", function), commits + " " + surroundings.why,
                    surroundings.remedy);
}

}  // namespace headway::server
