#include "commands/backfill.hpp"

#include "adapters/execution_mode.hpp"
#include "adapters/sessions.hpp"
#include "commands/backfill_run.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/backend.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/process/top_level_call.hpp"
#include "pg/process/worker_team.hpp"

namespace headway::server {

namespace {

using core::Format;

BackfillDefinition DefinitionOf(const BackfillCall& call, const std::string& table, const std::string& script) {
  BackfillDefinition definition;
  definition.relation = call.relation;
  definition.deletes = call.deletes;
  definition.set_clause = call.set_clause;
  definition.where_clause = call.where_clause.value_or("");
  definition.strategy = call.strategy;
  definition.pass_over_failures = call.skip_failures;
  definition.revision = script;
  definition.required = !script.empty();
  definition.named = call.name.has_value();
  definition.name = call.name.value_or(MakeJobName(definition, table));
  return definition;
}

BackfillOrder OrderOf(const BackfillCall& call, const BackfillDefinition& definition) {
  BackfillOrder order{definition, call.limits, call.workers, {}};
  if (call.max_duration_ms) order.until_ms = pg::NowMs() + *call.max_duration_ms;
  return order;
}

constexpr int kMostWorkers = 64;

void RequireArguments(const BackfillCall& call) {
  const auto refuse = [](const char* message, const char* hint) {
    throw core::Error(core::sqlstate::kInvalidParameterValue, message, {}, hint);
  };
  if (call.name == "") refuse("name must not be empty", "Leave it out to have one made from the definition.");
  if (call.strategy != "auto" && call.strategy != "key" && call.strategy != "ctid") {
    throw core::Error(core::sqlstate::kInvalidParameterValue, Format("unknown strategy \"%1%\"", call.strategy), {},
                      "Use 'auto', 'key' or 'ctid'.");
  }
  if (call.workers < 1 || call.workers > kMostWorkers) refuse("workers must be from 1 to 64", "");
  if (call.max_duration_ms.value_or(1) <= 0) refuse("max_duration must be more than 0", "");
  RequireLimits(call.limits);
}

}  // namespace

std::int64_t Backfill(FunctionCallInfo call, const BackfillCall& arguments) {
  const char* function = arguments.deletes ? "safe_delete" : "safe_backfill";
  pg::RequireWritable(function);
  RequireArguments(arguments);
  const std::string table = pg::QualifiedName(arguments.relation);
  if (table.empty()) {
    throw core::Error(core::sqlstate::kUndefinedTable,
                      Format("relation with OID %1% does not exist", arguments.relation));
  }
  const std::string script = RunningScript();
  if (!arguments.wait && !script.empty()) {
    throw core::Error(core::sqlstate::kFeatureNotSupported,
                      Format("%1%() with wait => false cannot be part of a revision", function),
                      "A revision is applied when all that it does is complete.", "Leave wait out.");
  }
  const BackfillDefinition definition = DefinitionOf(arguments, table, script);
  const char* verb = arguments.wait ? kBackfillVerb : kPrepareBackfillVerb;
  const WorkerOutcome through = RunInWorkerIfAlone(call, pg::MakeRequest(verb, OrderOf(arguments, definition)));
  if (!through.taken) RefuseInTransaction(function, "It commits batch by batch.", through.why_not);
  if (arguments.wait) return through.result;
  if (through.result > 0) {
    const std::string title = Format("%1% \"%2%\"", NounOf(definition), definition.name);
    pg::StartDetached(pg::MakeRequest(kBackfillVerb, OrderOf(arguments, definition)), title);
    pg::ReportNotice(Format("%1% goes on in the background", title), {},
                     "See headway.progress; what it has to say is in the server's log.");
  }
  return 0;
}

std::int64_t BackfillInWorker(const pg::WorkerRequest& request) {
  return RunBackfill(pg::ReadRequest<BackfillOrder>(request));
}

std::int64_t PrepareBackfillInWorker(const pg::WorkerRequest& request) {
  return PrepareBackfill(pg::ReadRequest<BackfillOrder>(request)) ? 1 : 0;
}

void RunBackfillHere(std::uint32_t relation, const std::string& set_clause, const std::string& where_clause,
                     const std::string& job) {
  BackfillOrder order;
  BackfillDefinition& definition = order.definition;
  definition.relation = relation;
  definition.set_clause = set_clause;
  definition.where_clause = where_clause;
  definition.name = job;
  definition.strategy = "auto";
  definition.required = true;
  (void)RunBackfill(order);
}

}  // namespace headway::server
