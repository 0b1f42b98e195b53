#include "commands/worker_jobs.hpp"

#include "adapters/backfill_lane.hpp"
#include "commands/backfill.hpp"
#include "commands/backfill_resumption.hpp"
#include "commands/migration.hpp"
#include "commands/safe_operation.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/session_settings.hpp"

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
    {kResumeVerb, ResumeBackfillInWorker, true},
    {kPrepareBackfillVerb, PrepareBackfillInWorker, true},
    {kLaneVerb, LaneInWorker, true},
    {kOperationVerb, OperateInWorker, true},
};

}  // namespace

std::int64_t RunWorkerRequest(const pg::WorkerRequest& request) {
  for (const Verb& verb : kVerbs) {
    if (request.verb != verb.name) continue;
    if (verb.needs_all_rows) pg::SetSessionSetting("row_security", "off");
    return verb.body(request);
  }
  throw core::Error(core::sqlstate::kInternalError, core::Format("unknown request \"%1%\"", request.verb));
}

}  // namespace headway::server
