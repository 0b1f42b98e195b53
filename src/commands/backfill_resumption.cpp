#include "commands/backfill_resumption.hpp"

#include <algorithm>

#include "adapters/backfill_log.hpp"
#include "adapters/sessions.hpp"
#include "commands/backfill_run.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "engine/unit.hpp"
#include "pg/backend.hpp"
#include "pg/field.hpp"
#include "pg/process/roles.hpp"
#include "pg/row_trigger.hpp"
#include "pg/spi.hpp"

namespace headway::server {

namespace {

struct ResumeRequest {
  std::int64_t call = 0;
};

void Exchange(pg::RequestFields& fields, ResumeRequest& request) { fields& request.call; }

// In a database without the extension anybody could have made a schema of that name.
pg::PreparedQuery owns_its_tables(
    "SELECT true FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_depend d"
    " ON d.refclassid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_extension' AS pg_catalog.regclass)"
    " AND d.refobjid OPERATOR(pg_catalog.=) e.oid AND d.deptype OPERATOR(pg_catalog.=) 'e'"
    " WHERE e.extname OPERATOR(pg_catalog.=) 'pg_headway'"
    " AND d.classid OPERATOR(pg_catalog.=) CAST('pg_catalog.pg_class' AS pg_catalog.regclass)"
    " AND d.objid OPERATOR(pg_catalog.=) CAST(pg_catalog.to_regclass('headway.backfill_call') AS pg_catalog.oid)",
    "");
pg::PreparedQuery set_setting("SELECT pg_catalog.set_config($1, $2, false)", "tt");

void Apply(const std::vector<std::string>& settings) {
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) continue;
    (void)set_setting.Run({setting.substr(0, equals), setting.substr(equals + 1)});
  }
}

}  // namespace

std::vector<pg::LeftBehind> ListLeftBehind() {
  std::vector<pg::LeftBehind> list;
  if (!owns_its_tables.Run().Single()) return list;
  for (const CallLeftBehind& call : CallsLeftBehind()) {
    pg::LeftBehind work;
    work.title = core::Format("%1% \"%2%\"", call.noun, call.job);
    work.session_user = call.session_user;
    work.role = call.run_by;
    work.request = pg::MakeRequest(kResumeVerb, ResumeRequest{call.id});
    list.push_back(std::move(work));
  }
  return list;
}

std::int64_t ResumeBackfillInWorker(const pg::WorkerRequest& request) {
  const auto resume = pg::ReadRequest<ResumeRequest>(request);
  WorkerSession session;
  engine::Unit reading(session);
  const std::optional<CallRecord> call = LoadCall(resume.call);
  if (!call) return 0;  // forgotten meanwhile
  if (call->run_by != pg::RoleNamed(pg::CurrentUserName())) {
    throw core::Error(core::sqlstate::kInsufficientPrivilege,
                      core::Format("the row of \"%1%\" in headway.backfill_call was changed", call->definition.name),
                      "It has not been written by the role whose privileges it would run with.", "Call it again.");
  }
  BackfillOrder order{call->definition, LoadLimits(call->definition.name), call->workers, call->until_ms};
  Apply(call->settings);
  reading.Commit();
  return RunBackfill(order);
}

// What ends a call changes nothing of what it runs; one that has ended does not begin again.
Datum NoteCaller(FunctionCallInfo call) {
  constexpr const char* kKept[] = {"id",        "name",     "command", "relation_oid", "set_clause", "where_clause",
                                   "strategy",  "on_error", "workers", "ends_at",      "settings",   "session_user_oid",
                                   "run_by_oid"};
  Oid session_user = pg::kNoOid;
  Oid run_by = pg::kNoOid;
  const std::optional<std::string> before = pg::OldRowField(call, "run_by_oid");
  if (!before && pg::InWorker()) {
    session_user = pg::SessionUser();
    run_by = pg::RoleNamed(pg::CurrentUserName());
  } else if (before && (pg::IsAsBefore(call, "result") || pg::NewRowField(call, "result") != "running") &&
             std::all_of(std::begin(kKept), std::end(kKept),
                         [&](const char* column) { return pg::IsAsBefore(call, column); })) {
    session_user = pg::ToOid(pg::OldRowField(call, "session_user_oid"));
    run_by = pg::ToOid(before);
  }
  return pg::PassNewRow(call, {{"session_user_oid", session_user}, {"run_by_oid", run_by}});
}

}  // namespace headway::server
