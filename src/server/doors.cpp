#include "server/doors.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/process/call_shape.hpp"
#include "pg/session_settings.hpp"
#include "server/backfill.hpp"
#include "server/backfill_lane.hpp"
#include "server/migration.hpp"
#include "server/operation.hpp"

namespace headway::server {

namespace {

struct Verb {
  const char* name;
  pg::WorkerBody body;
  // What is to reach all rows must not take those for all that a policy lets it see: an error tells of the others.
  bool needs_all_rows;
};

constexpr Verb kVerbs[] = {
    {kMigrateVerb, MigrateInWorker, false},
    {kBackfillVerb, BackfillInWorker, true},
    {kPrepareBackfillVerb, PrepareBackfillInWorker, true},
    {kLaneVerb, LaneInWorker, true},
    {kOperationVerb, OperateInWorker, true},
};

// False: it cannot be given back.
template <class Body>
bool WithoutSnapshot(Body&& body) {
  pg::SnapshotRelease release;
  if (release.complete()) body();
  release.Restore();
  return release.complete();
}

}  // namespace

DoorResult ThroughWorker(FunctionCallInfo call, const pg::WorkerRequest& request, const Turn* turn) {
  DoorResult result;
  result.why_not = pg::WhyNotAlone(call);
  if (!result.why_not.empty()) return result;
  result.taken = WithoutSnapshot([&] {
    if (turn != nullptr) turn->wait();
  });
  if (result.taken && turn != nullptr && turn->nothing_left()) return result;
  result.taken = result.taken && WithoutSnapshot([&] { result.result = pg::RunInWorker(request); });
  if (!result.taken) result.why_not = "The session holds another snapshot (a cursor WITH HOLD, perhaps).";
  return result;
}

void RefuseInTransaction(const std::string& function, const std::string& reason) {
  throw core::Error(
      core::sqlstate::kActiveSqlTransaction, core::Format("%1%() cannot run inside a transaction", function), reason,
      core::Format("Call it as a statement of its own: SELECT %1%(...). From a driver, switch autocommit on.",
                   function));
}

std::int64_t CarryOut(const pg::WorkerRequest& request) {
  for (const Verb& verb : kVerbs) {
    if (request.verb != verb.name) continue;
    if (verb.needs_all_rows) pg::SetSessionSetting("row_security", "off");
    return verb.body(request);
  }
  throw core::Error(core::sqlstate::kInternalError, core::Format("unknown request \"%1%\"", request.verb));
}

}  // namespace headway::server
