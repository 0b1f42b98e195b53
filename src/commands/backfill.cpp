#include "commands/backfill.hpp"

#include "adapters/doors.hpp"
#include "adapters/sessions.hpp"
#include "commands/backfill_run.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/backend.hpp"
#include "pg/field.hpp"
#include "pg/process/call_shape.hpp"
#include "pg/process/worker_team.hpp"
#include "pg/text.hpp"

namespace headway::server {

namespace {

using core::Format;

std::optional<std::string> Optional(const std::optional<std::int64_t>& value) {
  return value ? std::optional(std::to_string(*value)) : std::nullopt;
}

std::optional<std::int64_t> Number(const std::optional<std::string>& text) {
  return text ? std::optional<std::int64_t>(pg::ToInteger(text)) : std::nullopt;
}

BackfillDefinition DefinitionOf(const BackfillCall& call, const std::string& table, const std::string& script) {
  BackfillDefinition definition;
  definition.relation = call.relation;
  definition.deletes = call.deletes;
  definition.set_clause = call.set_clause;
  definition.where_clause = call.where_clause.value_or("");
  definition.strategy = call.strategy;
  definition.pass_over_failures = call.skip_failures;
  definition.revision = script;
  definition.named = call.name.has_value();
  definition.name = call.name.value_or(MakeJobName(definition, table));
  return definition;
}

// In the order in which ReadOrder() reads them.
pg::WorkerRequest MakeRequest(const char* verb, const BackfillCall& call, const BackfillDefinition& definition) {
  const engine::BackfillSettings& settings = call.limits.settings;
  std::optional<std::int64_t> until;
  if (call.max_duration_ms) until = pg::NowMs() + *call.max_duration_ms;
  return {verb,
          {std::to_string(definition.relation), definition.deletes ? "t" : "f", definition.set_clause,
           definition.where_clause, definition.name, definition.named ? "t" : "f", definition.strategy,
           definition.pass_over_failures ? "t" : "f", definition.revision, Optional(settings.batch_size),
           std::to_string(settings.target_batch_ms), std::to_string(settings.pause_ms), settings.time_window,
           settings.max_wal_rate, Optional(settings.max_replica_lag_ms), Format("%1%", call.limits.vacuum_every),
           std::to_string(call.workers), Optional(until)}};
}

BackfillOrder ReadOrder(const pg::WorkerRequest& request) {
  auto argument = request.arguments.begin();
  const auto next = [&]() -> const std::optional<std::string>& { return *argument++; };
  BackfillOrder order;
  BackfillDefinition& definition = order.definition;
  definition.relation = pg::ToOid(next());
  definition.deletes = pg::IsTrue(next());
  definition.set_clause = *next();
  definition.where_clause = *next();
  definition.name = *next();
  definition.named = pg::IsTrue(next());
  definition.strategy = *next();
  definition.pass_over_failures = pg::IsTrue(next());
  definition.revision = *next();
  definition.required = !definition.revision.empty();
  engine::BackfillSettings& settings = order.limits.settings;
  settings.batch_size = Number(next());
  settings.target_batch_ms = pg::ToInteger(next());
  settings.pause_ms = pg::ToInteger(next());
  settings.time_window = *next();
  settings.max_wal_rate = *next();
  settings.max_replica_lag_ms = Number(next());
  order.limits.vacuum_every = std::stod(*next());
  order.workers = std::stoi(*next());
  order.until_ms = Number(next());
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
  const DoorResult through = ThroughWorker(call, MakeRequest(verb, arguments, definition));
  if (!through.taken) RefuseInTransaction(function, "It commits batch by batch. " + through.why_not);
  if (arguments.wait) return through.result;
  if (through.result > 0) {
    pg::StartDetached(MakeRequest(kBackfillVerb, arguments, definition));
    pg::ReportNotice(Format("%1% \"%2%\" goes on in the background", NounOf(definition), definition.name), {},
                     "See headway.progress; what it has to say is in the server's log.");
  }
  return 0;
}

std::int64_t BackfillInWorker(const pg::WorkerRequest& request) { return RunBackfill(ReadOrder(request)); }

std::int64_t PrepareBackfillInWorker(const pg::WorkerRequest& request) {
  return PrepareBackfill(ReadOrder(request)) ? 1 : 0;
}

void BackfillTable(std::uint32_t relation, const std::string& set_clause, const std::string& where_clause,
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
