// headway.autoresume: calls of safe_backfill() and safe_delete() that were at work when the server stopped go on, as
// whoever had called, with the same arguments and settings and within the same time.
//
// What runs is in the row of the call in headway.backfill_call; whoever may write to that table could write anything.
// So a trigger keeps in the row who has written it, a role that only a worker of ours gives, and nobody once it has
// been changed: it is run with the privileges of its writer, or not at all.
#pragma once

#include <vector>

#include "pg/process/resumption.hpp"
#include "pg/process/worker.hpp"

namespace headway::server {

// As pg::LeftBehindList.
std::vector<pg::LeftBehind> ListLeftBehind();

inline constexpr char kResumeVerb[] = "resume backfill";
std::int64_t ResumeBackfillInWorker(const pg::WorkerRequest& request);

// The trigger.
Datum NoteCaller(FunctionCallInfo call);

}  // namespace headway::server
