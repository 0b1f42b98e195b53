#include "pg/process/worker.hpp"

#include <fstream>

#include "core/sqlstate.hpp"
#include "pg/backend.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/process/transaction.hpp"
#include "pg/process/worker_segment.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "utils/pidfile.h"
#include "utils/timeout.h"
}

namespace headway::pg {

using namespace segment;  // NOLINT: both sides live in it

namespace {

PreparedQuery load_address("SELECT pg_catalog.host(pg_catalog.inet_client_addr())", "");

constexpr int kLookMs = 1000;
constexpr TimestampTz kPatience = INT64CONST(5000000);  // microseconds

WorkerBody worker_body = nullptr;
bool in_worker = false;
volatile sig_atomic_t terminated = 0;
volatile TimestampTz terminated_at = 0;
FixedState leader_state;
void* leader_settings = nullptr;
Notes* notes = nullptr;

void AppendField(StringInfo message, char code, const char* value) {
  if (value[0] == '\0') return;
  pq_sendbyte(message, code);
  pq_sendstring(message, value);
}

// REQUIRES: inside a guard, but for strings nothing is owned here.
void SendError(const core::ErrorReport& report) {
  StringInfoData message;
  pq_beginmessage(&message, kErrorMessage);
  AppendField(&message, PG_DIAG_SEVERITY_NONLOCALIZED, "ERROR");
  AppendField(&message, PG_DIAG_SQLSTATE, report.sqlstate.c_str());
  AppendField(&message, PG_DIAG_MESSAGE_PRIMARY, report.message.c_str());
  AppendField(&message, PG_DIAG_MESSAGE_DETAIL, report.detail.c_str());
  AppendField(&message, PG_DIAG_MESSAGE_HINT, report.hint.c_str());
  AppendField(&message, PG_DIAG_CONTEXT, report.context.c_str());
  AppendField(&message, PG_DIAG_SCHEMA_NAME, report.schema_name.c_str());
  AppendField(&message, PG_DIAG_TABLE_NAME, report.table_name.c_str());
  AppendField(&message, PG_DIAG_COLUMN_NAME, report.column_name.c_str());
  AppendField(&message, PG_DIAG_DATATYPE_NAME, report.datatype_name.c_str());
  AppendField(&message, PG_DIAG_CONSTRAINT_NAME, report.constraint_name.c_str());
  // A position in the script's statement means nothing in the leader's query.
  const int position = report.internal_position > 0 ? report.internal_position : report.cursor_position;
  if (position > 0 && !report.internal_query.empty()) {
    AppendField(&message, PG_DIAG_INTERNAL_POSITION, psprintf("%d", position));
  }
  AppendField(&message, PG_DIAG_INTERNAL_QUERY, report.internal_query.c_str());
  pq_sendbyte(&message, '\0');
  pq_endmessage(&message);
}

// There is nobody to send it to.
void LogError(const core::ErrorReport& report) {
  ereport(LOG, (errcode(MAKE_SQLSTATE(report.sqlstate[0], report.sqlstate[1], report.sqlstate[2], report.sqlstate[3],
                                      report.sqlstate[4])),
                errmsg_internal("%s", report.message.c_str()),
                report.detail.empty() ? 0 : errdetail_internal("%s", report.detail.c_str()),
                report.hint.empty() ? 0 : errhint("%s", report.hint.c_str()), errcontext("%s", leader_state.title)));
}

// The role may be gone, or may not log in: the server's own message says nothing of what it was to do.
void NameTitle(void*) {
  if (leader_state.title[0] != '\0') errcontext("%s", leader_state.title);
}

void SendResult(std::int64_t result) {
  StringInfoData message;
  pq_beginmessage(&message, kResultMessage);
  pq_sendint64(&message, result);
  pq_endmessage(&message);
}

// The first SIGTERM ends us as a cancel does: what has failed is written down. A second one, or a script that holds us
// up, ends us as it would any process.
void TerminateSoftly(SIGNAL_ARGS) {
  const int saved_errno = errno;
  if (terminated != 0) ProcDiePending = true;
  if (terminated == 0) terminated_at = GetCurrentTimestamp();
  terminated = 1;
  QueryCancelPending = true;
  InterruptPending = true;
  SetLatch(MyLatch);
  errno = saved_errno;
}

// A signal handler, too.
void LookAtPatience() {
  if (terminated == 0 || GetCurrentTimestamp() - terminated_at < kPatience) return;
  ProcDiePending = true;
  InterruptPending = true;
  SetLatch(MyLatch);
}

void StartTerminationWatch() {
  const TimeoutId timer = RegisterTimeout(USER_TIMEOUT, LookAtPatience);
  enable_timeout_every(timer, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), kLookMs), kLookMs);
}

// REQUIRES: inside a guard, at the start of the process.
shm_toc* AttachToLeader(Datum argument) {
  dsm_segment* segment = dsm_attach(DatumGetUInt32(argument));
  if (segment == nullptr) proc_exit(0);  // the leader has gone already
  shm_toc* toc = shm_toc_attach(kMagic, dsm_segment_address(segment));
  if (toc == nullptr) proc_exit(0);
  auto* queue = static_cast<shm_mq*>(shm_toc_lookup(toc, kQueue, false));
  std::memcpy(&leader_state, shm_toc_lookup(toc, kFixed, false), sizeof(leader_state));
  if (!leader_state.detached) {
    shm_mq_set_sender(queue, MyProc);
    shm_mq_handle* handle = shm_mq_attach(queue, segment, nullptr);
    pq_redirect_to_shm_mq(segment, handle);
  }
  leader_settings = shm_toc_lookup(toc, kSettings, false);
  notes = static_cast<Notes*>(shm_toc_lookup(toc, kNotes, false));
  notes->attached = true;
  return toc;
}

void Connect(shm_toc* toc) {
  ErrorContextCallback naming = {error_context_stack, NameTitle, nullptr};
  error_context_stack = &naming;
  BackgroundWorkerInitializeConnectionByOid(leader_state.database, leader_state.authenticated_user, 0);
  error_context_stack = naming.previous;
  StartTransactionCommand();
  RestoreLibraryState(static_cast<char*>(shm_toc_lookup(toc, kLibraries, false)));
  CommitTransactionCommand();
}

void SetRoleSetting(const char* name, Oid role, GucAction action) {
  const char* value = OidIsValid(role) ? GetUserNameFromId(role, false) : "none";
  (void)set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, action, true, ERROR, false);
}

void RestoreSettings() {
  LetRoleOut();
  StartTransactionCommand();
  // Checks like "must be set before any query" are for users; parallel workers switch them off in the same way.
  if (!leader_state.own_settings) {
    InitializingParallelWorker = true;
    RestoreGUCState(leader_settings);
    InitializingParallelWorker = false;
  }
  CommitTransactionCommand();

  StartTransactionCommand();
  if (leader_state.session_user != GetSessionUserId()) {
    SetRoleSetting("session_authorization", leader_state.session_user, GUC_ACTION_SET);
  }
  SetRoleSetting("role", leader_state.current_role, GUC_ACTION_SET);
  SetConfigOption("default_transaction_isolation", "read committed", PGC_USERSET, PGC_S_SESSION);
  SetConfigOption("application_name", "pg_headway", PGC_USERSET, PGC_S_SESSION);
  CommitTransactionCommand();
  // After a SET ROLE the session's own rights would be within reach of whatever runs here.
  if (GetUserId() != GetSessionUserId() || GetUserId() != GetAuthenticatedUserId()) ShutRoleIn();
  // What the leader expects to read from the queue.
  SetClientEncoding(GetDatabaseEncoding());
}

void RunRequest(shm_toc* toc) {
  const WorkerRequest request =
      Decode(static_cast<const char*>(shm_toc_lookup(toc, kRequest, false)), leader_state.request_size);
  const std::int64_t result = worker_body(request);
  if (!leader_state.detached) Guarded([&] { SendResult(result); });
}

}  // namespace

void SetWorkerBody(WorkerBody body) { worker_body = body; }

std::string ClientAddress() { return in_worker ? leader_state.client : load_address.Run().Single().value_or(""); }

int CallerPid() { return in_worker ? leader_state.leader_pid : MyProcPid; }

bool InWorker() { return in_worker; }

void ShowActivity(const std::string& text) {
  if (!InWorker()) return;
  Guarded([&] { pgstat_report_activity(STATE_RUNNING, text.c_str()); });
}

bool ServerIsStopping() {
  // The postmaster writes it down before it tells anybody.
  std::ifstream file("postmaster.pid");  // in the data directory, where every process of the server is
  std::string line;
  for (int i = 0; i < LOCK_FILE_LINE_PM_STATUS; ++i) {
    if (!std::getline(file, line)) return false;
  }
  return line.compare(0, std::strlen(PM_STATUS_STOPPING), PM_STATUS_STOPPING) == 0;
}

std::optional<core::ErrorReport> WhyStopped() {
  if (notes == nullptr || !notes->stop) {
    return terminated != 0 ? std::optional(Terminated()) : std::nullopt;
  }
  pg_read_barrier();
  core::ErrorReport report;
  report.sqlstate = notes->sqlstate;
  report.message = notes->message;
  report.detail = notes->detail;
  report.hint = notes->hint;
  return report;
}

void RestoreLeaderState() {
  try {
    Guarded([] { RestoreSettings(); });
  } catch (const core::Error&) {
    InitializingParallelWorker = false;
    throw;
  }
}

int EnterLeaderRole() {
  return Guarded([] {
    const int level = NewGUCNestLevel();
    if (GetCurrentRoleId() != leader_state.current_role)
      SetRoleSetting("role", leader_state.current_role, GUC_ACTION_SAVE);
    return level;
  });
}

}  // namespace headway::pg

extern "C" {

PGDLLEXPORT void headway_worker_main(Datum argument);

void headway_worker_main(Datum argument) {
  using namespace headway;  // NOLINT: the one function outside of the namespace
  std::optional<core::ErrorReport> failure;
  const bool done = pg::Contained(
      [&] {
        pg::in_worker = true;
        shm_toc* toc = pg::Guarded([&] {
          pqsignal(SIGTERM, pg::TerminateSoftly);
          pqsignal(SIGHUP, SignalHandlerForConfigReload);
          BackgroundWorkerUnblockSignals();
          return pg::AttachToLeader(argument);
        });
        pg::Guarded([&] {
          pg::StartTerminationWatch();
          pg::Connect(toc);
        });
        if (pg::leader_state.detached) pg::SpeakToTheLog();
        pg::RestoreLeaderState();
        pg::RunRequest(toc);
      },
      failure);
  if (!done) {
    if (pg::terminated != 0 && failure->sqlstate == core::sqlstate::kQueryCanceled) failure = pg::segment::Terminated();
    pg::AbortTransaction();
    std::optional<core::ErrorReport> secondary;
    pg::Contained(
        [&] { pg::Guarded([&] { pg::leader_state.detached ? pg::LogError(*failure) : pg::SendError(*failure); }); },
        secondary);
  }
  failure.reset();
  proc_exit(0);
}
}
