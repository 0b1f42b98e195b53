// safe_backfill() and safe_delete(): from the caller's session to the worker that runs the job.
#pragma once

#include <optional>
#include <string>

#include "adapters/backfill_job.hpp"
#include "pg/process/worker.hpp"

namespace headway::server {

struct BackfillCall {
  Oid relation = pg::kNoOid;
  bool deletes = false;
  std::string set_clause;
  std::optional<std::string> where_clause;
  std::optional<std::string> name;
  std::string strategy = "auto";  // auto, key, ctid
  JobLimits limits;
  std::optional<std::int64_t> max_duration_ms;
  int workers = 1;
  bool skip_failures = false;
  bool wait = true;
};

// Throws 22023 for what the arguments cannot be. Returns the rows changed by this call; 0 at once when it is not to be
// waited for.
std::int64_t Backfill(FunctionCallInfo call, const BackfillCall& arguments);

inline constexpr char kBackfillVerb[] = "backfill";
std::int64_t BackfillInWorker(const pg::WorkerRequest& request);
inline constexpr char kPrepareBackfillVerb[] = "prepare backfill";
std::int64_t PrepareBackfillInWorker(const pg::WorkerRequest& request);

// The same in this process, which must be a worker, with no unit open. Fails when another call is at it.
void RunBackfillHere(std::uint32_t relation, const std::string& set_clause, const std::string& where_clause,
                     const std::string& job);

}  // namespace headway::server
