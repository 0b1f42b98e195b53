#include "server/backfill.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/backend.hpp"
#include "pg/call_shape.hpp"
#include "pg/runner_lock.hpp"
#include "pg/settings.hpp"
#include "pg/text.hpp"
#include "server/backfill_job.hpp"
#include "server/doors.hpp"
#include "server/services.hpp"
#include "server/sessions.hpp"

namespace headway::server {

namespace {

using core::Format;

constexpr std::int64_t kFirstPages = 64;
constexpr core::BatchLimits kPageLimits = {4, 512, 100};

pg::PreparedQuery forget_of_script("DELETE FROM headway.backfill WHERE revision OPERATOR(pg_catalog.=) $1", "t");

// FNV-1a: a short name for a definition, the same on every server.
std::string ShortHash(const std::string& text) {
  std::uint32_t hash = 2'166'136'261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  return Format("%08x", hash);
}

std::string DefaultName(const std::string& table, const BackfillCall& call, const std::string& script) {
  const std::string definition = table + '\n' + call.set_clause + '\n' + call.where_clause.value_or("");
  const std::string name = table + " " + ShortHash(definition);
  return script.empty() ? name : script + ": " + name;
}

// In the order in which BackfillInWorker() reads them.
pg::WorkerRequest MakeRequest(const BackfillCall& call, const std::string& name, const std::string& script) {
  std::optional<std::string> batch_size;
  if (call.batch_size) batch_size = std::to_string(*call.batch_size);
  return {kBackfillVerb,
          {std::to_string(call.relation), call.set_clause, call.where_clause, batch_size, name, call.strategy, script}};
}

engine::BackfillOptions OptionsFor(const TableBackfill& job, const std::optional<std::string>& batch_size) {
  engine::BackfillOptions options;
  if (batch_size) options.batch_size = std::stoll(*batch_size);
  if (job.walk() == Walk::kCtid) {
    options.first_size = kFirstPages;
    options.limits = kPageLimits;
  }
  options.retry.lock_timeout_ms = pg::LockTimeoutMs();
  options.retry.lock_retry_ms = pg::LockRetryMs();
  return options;
}

// The job, locked and loaded; nothing when another worker has it or it is finished.
std::optional<TableBackfill> OpenJob(engine::Session& session, BackfillDefinition definition) {
  session.Begin();
  const bool required = definition.required;
  const std::string name = definition.name;
  if (!pg::TryJobLock(name)) {
    session.Rollback();
    if (required) {
      throw core::Error(core::sqlstate::kLockNotAvailable,
                        Format("backfill \"%1%\" is being run by another call", name), {},
                        "Wait for it to end, then run it again.");
    }
    pg::ReportNotice(Format("backfill \"%1%\" is already running", name), {}, {});
    return std::nullopt;
  }
  std::optional<TableBackfill> job(std::in_place, std::move(definition));
  session.Commit();
  if (job->finished()) {
    if (!required) {
      pg::ReportNotice(Format("backfill \"%1%\" is already done", name), {},
                       "Without a where_clause a second run would do the same rows twice. To run it all the same, "
                       "delete its row from headway.backfill.");
    }
    return std::nullopt;
  }
  if (job->resumed())
    pg::ReportNotice(Format("backfill \"%1%\": going on after %2% rows", name, job->rows_before()), {}, {});
  return job;
}

std::int64_t RunBackfill(BackfillDefinition definition, const std::optional<std::string>& batch_size) {
  WorkerSession session;
  std::optional<TableBackfill> job = OpenJob(session, std::move(definition));
  if (!job) return 0;
  BackendClock clock;
  BackendReporter reporter;
  engine::Backfiller backfiller(session, *job, clock, reporter, OptionsFor(*job, batch_size));
  return backfiller.Run();
}

}  // namespace

std::int64_t Backfill(FunctionCallInfo call, const BackfillCall& arguments) {
  pg::RequireWritable("safe_backfill");
  if (arguments.batch_size && *arguments.batch_size < 1) {
    throw core::Error(core::sqlstate::kInvalidParameterValue, "batch_size must be at least 1");
  }
  if (arguments.name == "") {
    throw core::Error(core::sqlstate::kInvalidParameterValue, "name must not be empty", {},
                      "Leave it out to have one made from the definition.");
  }
  const std::string table = pg::QualifiedName(arguments.relation);
  if (table.empty()) {
    throw core::Error("42P01", Format("relation with OID %1% does not exist", arguments.relation));
  }
  const std::string script = RunningScript();
  const std::string name = arguments.name.value_or(DefaultName(table, arguments, script));
  const DoorResult through = ThroughWorker(call, MakeRequest(arguments, name, script));
  if (through.taken) return through.result;
  RefuseInTransaction("safe_backfill", "It commits batch by batch. " + through.why_not);
}

std::int64_t BackfillInWorker(const pg::WorkerRequest& request) {
  BackfillDefinition definition;
  definition.relation = static_cast<std::uint32_t>(std::stoul(*request.arguments.at(0)));
  definition.set_clause = *request.arguments.at(1);
  definition.where_clause = request.arguments.at(2).value_or("");
  const std::optional<std::string> batch_size = request.arguments.at(3);
  definition.name = *request.arguments.at(4);
  definition.strategy = *request.arguments.at(5);
  definition.revision = *request.arguments.at(6);
  definition.required = !definition.revision.empty();
  return RunBackfill(std::move(definition), batch_size);
}

void BackfillTable(std::uint32_t relation, const std::string& set_clause, const std::string& where_clause,
                   const std::string& job) {
  BackfillDefinition definition;
  definition.relation = relation;
  definition.set_clause = set_clause;
  definition.where_clause = where_clause;
  definition.name = job;
  definition.strategy = "auto";
  definition.required = true;
  (void)RunBackfill(std::move(definition), {});
}

void ForgetBackfillsOf(const std::string& script_label) { forget_of_script.Run({script_label}); }

}  // namespace headway::server
