// safe_backfill: the job's row in headway.backfill and the batches' SQL.
#pragma once

#include <optional>
#include <string>

#include "pg/worker.hpp"

namespace headway::server {

struct BackfillCall {
  Oid relation;
  std::string set_clause;
  std::optional<std::string> where_clause;
  std::optional<std::int64_t> batch_size;
  std::optional<std::string> name;
  std::string strategy;  // auto, key, ctid
};

// Returns the rows updated by this call.
std::int64_t Backfill(FunctionCallInfo call, const BackfillCall& arguments);

inline constexpr char kBackfillVerb[] = "backfill";
std::int64_t BackfillInWorker(const pg::WorkerRequest& request);

// The same in this process, which must be a worker, with no unit open. Fails when another call is at it.
void BackfillTable(std::uint32_t relation, const std::string& set_clause, const std::string& where_clause,
                   const std::string& job);

// The finished backfills of a revision's script go when the script starts anew: it is to run them again.
void ForgetBackfillsOf(const std::string& script_label);

}  // namespace headway::server
