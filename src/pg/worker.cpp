#include "pg/worker.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/compat.hpp"
#include "pg/runner_lock.hpp"
#include "pg/text.hpp"
#include "pg/transaction.hpp"
#include "pg/wait_report.hpp"

namespace headway::pg {

namespace {

constexpr std::uint64_t kMagic = 0x6865616477617931;  // "headway1"
constexpr Size kQueueSize = 256 * 1024;
constexpr long kPollMs = 200;
constexpr int kCancelPatienceMs = 10'000;
constexpr char kResultMessage = 'R';
constexpr char kErrorMessage = 'X';

enum Key : std::uint64_t { kFixed = 1, kRequest, kLibraries, kSettings, kQueue, kStopReason };

// The part of the leader's identity that is not a setting.
struct FixedState {
  Oid database;
  Oid authenticated_user;
  Oid session_user;
  Oid current_role;  // InvalidOid: no SET ROLE is in force
  pid_t leader_pid;
  Size request_size;
};

// Why the leader stops its worker; longer texts are cut off.
struct StopReason {
  bool given;
  char sqlstate[6];
  char message[512];
  char detail[512];
  char hint[512];
};

WorkerBody worker_body = nullptr;
bool in_worker = false;
FixedState leader_state;
void* leader_settings = nullptr;
const StopReason* stop_reason = nullptr;

// --- The request as bytes: for each string a length (-1: NULL) and the characters. ---

void PutString(std::string& bytes, const std::optional<std::string>& value) {
  const std::int32_t length = value ? static_cast<std::int32_t>(value->size()) : -1;
  bytes.append(reinterpret_cast<const char*>(&length), sizeof(length));
  if (value) bytes += *value;
}

std::optional<std::string> TakeString(const char*& at) {
  std::int32_t length;
  std::memcpy(&length, at, sizeof(length));
  at += sizeof(length);
  if (length < 0) return std::nullopt;
  std::string value(at, static_cast<std::size_t>(length));
  at += length;
  return value;
}

std::string Encode(const WorkerRequest& request) {
  std::string bytes;
  PutString(bytes, request.verb);
  for (const auto& argument : request.arguments) PutString(bytes, argument);
  return bytes;
}

WorkerRequest Decode(const char* bytes, Size size) {
  WorkerRequest request;
  const char* at = bytes;
  request.verb = *TakeString(at);
  while (at < bytes + size) request.arguments.push_back(TakeString(at));
  return request;
}

// --- The leader. ---

// Lives in TopMemoryContext until the segment is detached: its callback may run while the backend exits.
struct Launch {
  dsm_segment* segment;
  shm_mq_handle* queue;
  StopReason* reason;  // in the segment
  BackgroundWorkerHandle* handle;
  ErrorData* error;  // what the worker failed with
  std::int64_t result;
  bool finished;
  TimestampTz last_check;
  WaitWatch wait;
};

void StopWorkerOnDetach(dsm_segment*, Datum argument) {
  auto* handle = reinterpret_cast<BackgroundWorkerHandle*>(DatumGetPointer(argument));
  TerminateBackgroundWorker(handle);
}

FixedState DescribeLeader(Size request_size) {
  FixedState state;
  state.database = MyDatabaseId;
  state.authenticated_user = GetAuthenticatedUserId();
  state.session_user = GetSessionUserId();
  state.current_role = GetCurrentRoleId();
  state.leader_pid = MyProcPid;
  state.request_size = request_size;
  return state;
}

template <class Fill>
void* AddChunk(shm_toc* toc, Key key, Size size, Fill&& fill) {
  void* space = shm_toc_allocate(toc, size);
  fill(space);
  shm_toc_insert(toc, key, space);
  return space;
}

dsm_segment* MakeSegment(const char* request, Size request_size) {
  const Size libraries_size = EstimateLibraryStateSpace();
  const Size settings_size = EstimateGUCStateSpace();
  shm_toc_estimator estimator;
  shm_toc_initialize_estimator(&estimator);
  shm_toc_estimate_chunk(&estimator, sizeof(FixedState));
  shm_toc_estimate_chunk(&estimator, request_size);
  shm_toc_estimate_chunk(&estimator, libraries_size);
  shm_toc_estimate_chunk(&estimator, settings_size);
  shm_toc_estimate_chunk(&estimator, kQueueSize);
  shm_toc_estimate_chunk(&estimator, sizeof(StopReason));
  shm_toc_estimate_keys(&estimator, 6);
  const Size size = shm_toc_estimate(&estimator);

  dsm_segment* segment = dsm_create(size, 0);
  shm_toc* toc = shm_toc_create(kMagic, dsm_segment_address(segment), size);
  const FixedState fixed = DescribeLeader(request_size);
  AddChunk(toc, kFixed, sizeof(fixed), [&](void* space) { std::memcpy(space, &fixed, sizeof(fixed)); });
  AddChunk(toc, kRequest, request_size, [&](void* space) { std::memcpy(space, request, request_size); });
  AddChunk(toc, kLibraries, libraries_size,
           [&](void* space) { SerializeLibraryState(libraries_size, static_cast<char*>(space)); });
  AddChunk(toc, kSettings, settings_size,
           [&](void* space) { SerializeGUCState(settings_size, static_cast<char*>(space)); });
  AddChunk(toc, kStopReason, sizeof(StopReason), [](void* space) { std::memset(space, 0, sizeof(StopReason)); });
  AddChunk(toc, kQueue, kQueueSize, [&](void* space) {
    shm_mq* queue = shm_mq_create(space, kQueueSize);
    shm_mq_set_receiver(queue, MyProc);
  });
  return segment;
}

void DescribeWorker(BackgroundWorker& worker, dsm_segment* segment) {
  std::memset(&worker, 0, sizeof(worker));
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
  worker.bgw_restart_time = BGW_NEVER_RESTART;
  strlcpy(worker.bgw_library_name, "pg_headway", sizeof(worker.bgw_library_name));
  strlcpy(worker.bgw_function_name, "headway_worker_main", sizeof(worker.bgw_function_name));
  strlcpy(worker.bgw_name, "pg_headway worker", sizeof(worker.bgw_name));
  strlcpy(worker.bgw_type, "pg_headway", sizeof(worker.bgw_type));
  worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(segment));
  worker.bgw_notify_pid = MyProcPid;
}

// REQUIRES: inside a guard.
Launch* StartWorker(const char* request, Size request_size) {
  MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
  auto* launch = static_cast<Launch*>(palloc0(sizeof(Launch)));
  launch->segment = MakeSegment(request, request_size);
  auto* toc = shm_toc_attach(kMagic, dsm_segment_address(launch->segment));
  auto* queue = static_cast<shm_mq*>(shm_toc_lookup(toc, kQueue, false));
  launch->queue = shm_mq_attach(queue, launch->segment, nullptr);
  launch->reason = static_cast<StopReason*>(shm_toc_lookup(toc, kStopReason, false));
  BackgroundWorker worker;
  DescribeWorker(worker, launch->segment);
  if (!RegisterDynamicBackgroundWorker(&worker, &launch->handle)) {
    shm_mq_detach(launch->queue);
    dsm_detach(launch->segment);
    pfree(launch);
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES), errmsg("no background worker slot is free"),
                    errdetail("All of max_worker_processes (%d) are in use.", max_worker_processes),
                    errhint("Try again when other workers have ended, or raise max_worker_processes (it needs a "
                            "restart). Inside a transaction (BEGIN; ...; COMMIT) revisions run without a worker.")));
  }
  on_dsm_detach(launch->segment, StopWorkerOnDetach, PointerGetDatum(launch->handle));
  shm_mq_set_handle(launch->queue, launch->handle);
  MemoryContextSwitchTo(caller);
  return launch;
}

void TakeMessage(Launch* launch, Size size, void* data) {
  StringInfoData message;
  initStringInfo(&message);
  appendBinaryStringInfo(&message, static_cast<const char*>(data), static_cast<int>(size));
  const char type = static_cast<char>(pq_getmsgbyte(&message));
  if (type == kResultMessage) {
    launch->result = pq_getmsgint64(&message);
    launch->finished = true;
  } else if (type == kErrorMessage || type == 'E') {
    MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
    launch->error = static_cast<ErrorData*>(palloc0(sizeof(ErrorData)));
    pq_parse_errornotice(&message, launch->error);
    launch->error->elevel = ERROR;
    // What a terminated process says is not for the user: ThrowLost() knows better what it means.
    if (type == 'E' && launch->error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN) launch->error = nullptr;
    MemoryContextSwitchTo(caller);
  } else if (type == 'N') {
    ErrorData notice;
    pq_parse_errornotice(&message, &notice);
    ThrowErrorData(&notice);  // below ERROR: reports and returns
  }
  pfree(message.data);
}

// A client that has gone is not told so while nobody reads from its socket.
void CheckClient() {
  if (MyProcPort != nullptr && !pq_check_connection()) {
    ClientConnectionLost = true;
    InterruptPending = true;
  }
}

// The worker's lock waits end at us: the server's deadlock detector cannot see that we wait for the worker.
void CheckDeadlock(pid_t pid) {
  if (!WaitsFor(pid, MyProcPid)) return;
  throw core::Error(core::sqlstate::kDeadlockDetected, "the migration waits for a lock of this very session",
                    core::Format("Process %1% works for process %2% and waits for it.", pid, MyProcPid),
                    "Release the session's advisory locks (pg_advisory_unlock_all()) and run it again.");
}

void CheckPeriodically(Launch* launch) {
  const TimestampTz now = GetCurrentTimestamp();
  if (now - launch->last_check < INT64CONST(1000000)) return;
  launch->last_check = now;
  Guarded([] { CheckClient(); });
  pid_t pid;
  if (GetBackgroundWorkerPid(launch->handle, &pid) != BGWH_STARTED) return;
  CheckDeadlock(pid);
  ReportWait(pid, launch->wait);
}

// Reads what the queue holds. Returns false when the worker has let go of it.
bool DrainQueue(Launch* launch) {
  for (;;) {
    CHECK_FOR_INTERRUPTS();  // a worker that never stops talking must not keep us from it
    Size size;
    void* data;
    const shm_mq_result result = shm_mq_receive(launch->queue, &size, &data, true);
    if (result == SHM_MQ_WOULD_BLOCK) return true;
    if (result == SHM_MQ_DETACHED) return false;
    TakeMessage(launch, size, data);
  }
}

void WaitBriefly() {
  InvalidateCatalogSnapshot();
  const int events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, kPollMs, PG_WAIT_EXTENSION);
  if ((events & WL_LATCH_SET) != 0) ResetLatch(MyLatch);
}

bool WorkerHasStopped(Launch* launch) {
  pid_t pid;
  return GetBackgroundWorkerPid(launch->handle, &pid) == BGWH_STOPPED;
}

void RelayUntilEnd(Launch* launch) {
  while (Guarded([&] { return DrainQueue(launch); })) {
    CheckInterrupts();
    CheckPeriodically(launch);
    Guarded([] { WaitBriefly(); });
  }
  // The queue is let go of shortly before the process is gone, and its locks with it.
  while (!Guarded([&] { return WorkerHasStopped(launch); })) {
    CheckInterrupts();
    Guarded([] { WaitBriefly(); });
  }
}

// What the worker says while it stops is dropped; a full queue must not keep it from stopping.
void DropMessages(Launch* launch) noexcept {
  try {
    Guarded([&] {
      Size size;
      void* data;
      while (shm_mq_receive(launch->queue, &size, &data, true) == SHM_MQ_SUCCESS) continue;
    });
  } catch (...) {
    // Out of memory for a large message: the worker is being stopped all the same.
  }
}

// Whole characters only.
template <std::size_t size>
void CopyClipped(char (&to)[size], const std::string& from) {
  const int length = pg_mbcliplen(from.c_str(), static_cast<int>(from.size()), static_cast<int>(size) - 1);
  to[from.copy(to, static_cast<std::size_t>(length))] = '\0';
}

// For the history row that the worker writes when it is cancelled.
void GiveReason(const Launch* launch, const core::ErrorReport& report) {
  StopReason* reason = launch->reason;
  strlcpy(reason->sqlstate, report.sqlstate.c_str(), sizeof(reason->sqlstate));
  CopyClipped(reason->message, report.message);
  CopyClipped(reason->detail, report.detail);
  CopyClipped(reason->hint, report.hint);
  pg_write_barrier();
  reason->given = true;
}

// Tells the worker to stop and waits until it has, for a bounded time and without heeding interrupts: when the error
// comes out, the worker's locks must be gone.
void StopAndWait(Launch* launch) noexcept {
  bool cancelled = false;
  for (int waited = 0; waited < kCancelPatienceMs && !ProcDiePending && !WorkerHasStopped(launch); waited += 10) {
    pid_t pid;
    // One cancel only: a second one could interrupt the writing of the history row.
    if (!cancelled && GetBackgroundWorkerPid(launch->handle, &pid) == BGWH_STARTED) {
      kill(pid, SIGINT);
      cancelled = true;
    }
    if (waited >= kCancelPatienceMs / 2 && waited % 1000 == 0) TerminateBackgroundWorker(launch->handle);
    DropMessages(launch);
    pg_usleep(10'000L);
  }
}

void EndLaunch(Launch* launch) {
  Guarded([&] {
    if (!launch->finished && !WorkerHasStopped(launch)) TerminateBackgroundWorker(launch->handle);
    cancel_on_dsm_detach(launch->segment, StopWorkerOnDetach, PointerGetDatum(launch->handle));
    shm_mq_detach(launch->queue);
    dsm_detach(launch->segment);
    pfree(launch->handle);
    pfree(launch);
  });
}

[[noreturn]] void ThrowLost() {
  throw core::Error(core::sqlstate::kAdminShutdown, "the migration worker was terminated before it was done",
                    "Its open transaction has been rolled back; what it had committed stays.",
                    "See the server's log for the reason, then run it again: it goes on where it stopped.");
}

}  // namespace

std::int64_t RunInWorker(const WorkerRequest& request) {
  const std::string bytes = Encode(request);
  Launch* launch = Guarded([&] { return StartWorker(bytes.data(), bytes.size()); });
  std::optional<core::Error> interrupted;
  try {
    RelayUntilEnd(launch);
  } catch (const core::Error& error) {
    interrupted = error;
  }
  if (interrupted) {
    GiveReason(launch, interrupted->report());
    StopAndWait(launch);
    if (launch->error != nullptr) FreeErrorData(launch->error);
    EndLaunch(launch);
    throw core::Error(*interrupted);
  }
  ErrorData* error = launch->error;
  const bool finished = launch->finished;
  const std::int64_t result = launch->result;
  EndLaunch(launch);
  if (error != nullptr) ThrowAsException(error);
  if (!finished) ThrowLost();
  return result;
}

// --- The worker. ---

namespace {

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

void SendResult(std::int64_t result) {
  StringInfoData message;
  pq_beginmessage(&message, kResultMessage);
  pq_sendint64(&message, result);
  pq_endmessage(&message);
}

// REQUIRES: inside a guard, at the start of the process.
shm_toc* AttachToLeader(Datum argument) {
  dsm_segment* segment = dsm_attach(DatumGetUInt32(argument));
  if (segment == nullptr) proc_exit(0);  // the leader has gone already
  shm_toc* toc = shm_toc_attach(kMagic, dsm_segment_address(segment));
  if (toc == nullptr) proc_exit(0);
  auto* queue = static_cast<shm_mq*>(shm_toc_lookup(toc, kQueue, false));
  shm_mq_set_sender(queue, MyProc);
  shm_mq_handle* handle = shm_mq_attach(queue, segment, nullptr);
  pq_redirect_to_shm_mq(segment, handle);
  std::memcpy(&leader_state, shm_toc_lookup(toc, kFixed, false), sizeof(leader_state));
  leader_settings = shm_toc_lookup(toc, kSettings, false);
  stop_reason = static_cast<StopReason*>(shm_toc_lookup(toc, kStopReason, false));
  return toc;
}

void Connect(shm_toc* toc) {
  BackgroundWorkerInitializeConnectionByOid(leader_state.database, leader_state.authenticated_user, 0);
  StartTransactionCommand();
  RestoreLibraryState(static_cast<char*>(shm_toc_lookup(toc, kLibraries, false)));
  CommitTransactionCommand();
}

void SetRoleSetting(const char* name, Oid role, GucAction action) {
  const char* value = OidIsValid(role) ? GetUserNameFromId(role, false) : "none";
  (void)set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, action, true, ERROR, false);
}

void RestoreSettings() {
  StartTransactionCommand();
  // Checks like "must be set before any query" are for users; parallel workers switch them off in the same way.
  InitializingParallelWorker = true;
  RestoreGUCState(leader_settings);
  InitializingParallelWorker = false;
  CommitTransactionCommand();

  StartTransactionCommand();
  if (leader_state.session_user != GetSessionUserId()) {
    SetRoleSetting("session_authorization", leader_state.session_user, GUC_ACTION_SET);
  }
  SetRoleSetting("role", leader_state.current_role, GUC_ACTION_SET);
  SetConfigOption("default_transaction_isolation", "read committed", PGC_USERSET, PGC_S_SESSION);
  SetConfigOption("application_name", "pg_headway", PGC_USERSET, PGC_S_SESSION);
  CommitTransactionCommand();
  // What the leader expects to read from the queue.
  SetClientEncoding(GetDatabaseEncoding());
}

void RunRequest(shm_toc* toc) {
  const WorkerRequest request =
      Decode(static_cast<const char*>(shm_toc_lookup(toc, kRequest, false)), leader_state.request_size);
  const std::int64_t result = worker_body(request);
  Guarded([&] { SendResult(result); });
}

}  // namespace

void SetWorkerBody(WorkerBody body) { worker_body = body; }

bool InWorker() { return in_worker; }

std::optional<core::ErrorReport> WhyLeaderStopsUs() {
  if (stop_reason == nullptr || !stop_reason->given) return std::nullopt;
  pg_read_barrier();
  core::ErrorReport report;
  report.sqlstate = stop_reason->sqlstate;
  report.message = stop_reason->message;
  report.detail = stop_reason->detail;
  report.hint = stop_reason->hint;
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
          pqsignal(SIGTERM, die);
          pqsignal(SIGHUP, SignalHandlerForConfigReload);
          BackgroundWorkerUnblockSignals();
          return pg::AttachToLeader(argument);
        });
        pg::Guarded([&] { pg::Connect(toc); });
        pg::RestoreLeaderState();
        pg::RunRequest(toc);
      },
      failure);
  if (!done) {
    pg::AbortTransaction();
    std::optional<core::ErrorReport> secondary;
    pg::Contained([&] { pg::Guarded([&] { pg::SendError(*failure); }); }, secondary);
  }
  failure.reset();
  proc_exit(0);
}
}
