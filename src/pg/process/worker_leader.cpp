#include "pg/guard.hpp"
#include "pg/locks/waiters.hpp"
#include "pg/process/worker_team.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/backend.hpp"
#include "pg/compat.hpp"
#include "pg/process/runner_lock.hpp"
#include "pg/process/transaction.hpp"
#include "pg/process/wait_report.hpp"
#include "pg/process/worker_segment.hpp"

namespace headway::pg {

using namespace segment;  // NOLINT: both sides live in it

namespace {

constexpr Size kQueueSize = 256 * 1024;
constexpr long kPollMs = 200;
constexpr int kCancelPatienceMs = 10'000;

// Lives in TopMemoryContext until the segment is detached: its callback may run while the backend exits.
struct Launch {
  dsm_segment* segment;
  shm_mq_handle* queue;
  Notes* notes;  // in the segment
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

FixedState DescribeLeader() {
  FixedState state = {};
  state.database = MyDatabaseId;
  state.authenticated_user = GetAuthenticatedUserId();
  state.session_user = GetSessionUserId();
  state.current_role = GetCurrentRoleId();
  state.leader_pid = MyProcPid;
  strlcpy(state.client, ClientAddress().c_str(), sizeof(state.client));
  return state;
}

FixedState DescribeDetached(Oid session_user, Oid role) {
  FixedState state = {};
  state.database = MyDatabaseId;
  state.authenticated_user = state.session_user = session_user;
  state.current_role = role == session_user ? InvalidOid : role;
  state.leader_pid = MyProcPid;
  state.detached = state.own_settings = true;
  return state;
}

template <class Fill>
void* AddChunk(shm_toc* toc, Key key, Size size, Fill&& fill) {
  void* space = shm_toc_allocate(toc, size);
  fill(space);
  shm_toc_insert(toc, key, space);
  return space;
}

dsm_segment* MakeSegment(const std::string& request, const FixedState& leader) {
  const Size request_size = request.size();
  const Size libraries_size = EstimateLibraryStateSpace();
  const Size settings_size = EstimateGUCStateSpace();
  shm_toc_estimator estimator;
  shm_toc_initialize_estimator(&estimator);
  shm_toc_estimate_chunk(&estimator, sizeof(FixedState));
  shm_toc_estimate_chunk(&estimator, request_size);
  shm_toc_estimate_chunk(&estimator, libraries_size);
  shm_toc_estimate_chunk(&estimator, settings_size);
  shm_toc_estimate_chunk(&estimator, kQueueSize);
  shm_toc_estimate_chunk(&estimator, sizeof(Notes));
  shm_toc_estimate_keys(&estimator, 6);
  const Size size = shm_toc_estimate(&estimator);

  dsm_segment* segment = dsm_create(size, 0);
  shm_toc* toc = shm_toc_create(kMagic, dsm_segment_address(segment), size);
  FixedState fixed = leader;
  fixed.request_size = request_size;
  AddChunk(toc, kFixed, sizeof(fixed), [&](void* space) { std::memcpy(space, &fixed, sizeof(fixed)); });
  AddChunk(toc, kRequest, request_size, [&](void* space) { std::memcpy(space, request.data(), request_size); });
  AddChunk(toc, kLibraries, libraries_size,
           [&](void* space) { SerializeLibraryState(libraries_size, static_cast<char*>(space)); });
  AddChunk(toc, kSettings, settings_size,
           [&](void* space) { SerializeGUCState(settings_size, static_cast<char*>(space)); });
  AddChunk(toc, kNotes, sizeof(Notes), [](void* space) { std::memset(space, 0, sizeof(Notes)); });
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

// A null pointer: no slot is free. REQUIRES: inside a guard.
Launch* TryStartWorker(const std::string& request, const FixedState& leader) {
  MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
  auto* launch = static_cast<Launch*>(palloc0(sizeof(Launch)));
  launch->segment = MakeSegment(request, leader);
  dsm_pin_mapping(launch->segment);  // it outlives the transaction, if there is one
  auto* toc = shm_toc_attach(kMagic, dsm_segment_address(launch->segment));
  auto* queue = static_cast<shm_mq*>(shm_toc_lookup(toc, kQueue, false));
  launch->queue = shm_mq_attach(queue, launch->segment, nullptr);
  launch->notes = static_cast<Notes*>(shm_toc_lookup(toc, kNotes, false));
  BackgroundWorker worker;
  DescribeWorker(worker, launch->segment);
  if (!RegisterDynamicBackgroundWorker(&worker, &launch->handle)) {
    shm_mq_detach(launch->queue);
    dsm_detach(launch->segment);
    pfree(launch);
    MemoryContextSwitchTo(caller);
    return nullptr;
  }
  on_dsm_detach(launch->segment, StopWorkerOnDetach, PointerGetDatum(launch->handle));
  shm_mq_set_handle(launch->queue, launch->handle);
  MemoryContextSwitchTo(caller);
  return launch;
}

// REQUIRES: inside a guard.
Launch* StartWorker(const std::string& request, const FixedState& leader) {
  Launch* launch = TryStartWorker(request, leader);
  if (launch == nullptr) {
    ereport(ERROR,
            (errcode(ERRCODE_INSUFFICIENT_RESOURCES), errmsg("no background worker slot is free"),
             errdetail("All of max_worker_processes (%d) are in use.", max_worker_processes),
             InWorker() ? errhint("A revision with a backfill takes two: its own worker and the backfill's. Try again "
                                  "when other workers have ended, or raise max_worker_processes (it needs a "
                                  "restart).")
                        : errhint("Try again when other workers have ended, or raise max_worker_processes (it "
                                  "needs a restart). Inside a transaction (BEGIN; ...; COMMIT) revisions run "
                                  "without a worker, but for backfills.")));
  }
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
  CheckClient();
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
  Notes* notes = launch->notes;
  strlcpy(notes->sqlstate, report.sqlstate.c_str(), sizeof(notes->sqlstate));
  CopyClipped(notes->message, report.message);
  CopyClipped(notes->detail, report.detail);
  CopyClipped(notes->hint, report.hint);
  pg_write_barrier();
  notes->stop = true;
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

// Whoever reads that a statement took too long should know which limit that was.
void ExplainInterrupt(core::ErrorReport& report) {
  if (report.message != compat::Translated("canceling statement due to statement timeout")) return;
  report.detail = core::Format("statement_timeout of this session is %1%.",
                               Guarded([] { return GetConfigOptionByName("statement_timeout", nullptr, false); }));
  report.hint =
      "SET statement_timeout = 0 in the session that calls it; the role or the database may set another value (ALTER "
      "ROLE ... SET).";
}

[[noreturn]] void ThrowLost() { throw core::Error(Terminated()); }

}  // namespace

std::int64_t RunInWorker(const WorkerRequest& request) {
  const std::string bytes = Encode(request);
  Launch* launch = Guarded([&] { return StartWorker(bytes, DescribeLeader()); });
  std::optional<core::Error> interrupted;
  try {
    RelayUntilEnd(launch);
  } catch (const core::Error& error) {
    interrupted = error;
  }
  if (interrupted) {
    ExplainInterrupt(interrupted->report());
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

namespace {

void LetGo(const WorkerRequest& request, const FixedState& leader) {
  const std::string bytes = Encode(request);
  Launch* launch = Guarded([&] { return StartWorker(bytes, leader); });
  bool attached = false;
  std::optional<core::Error> interrupted;
  try {
    // The segment is gone with us unless the worker has it too.
    while (!(attached = launch->notes->attached) && !Guarded([&] { return WorkerHasStopped(launch); })) {
      CheckInterrupts();
      Guarded([] { WaitBriefly(); });
    }
  } catch (const core::Error& error) {
    interrupted = error;
  }
  launch->finished = attached;  // what follows is not ours to end
  EndLaunch(launch);
  if (interrupted) throw core::Error(*interrupted);
  if (!attached) ThrowLost();
}

}  // namespace

void StartDetached(const WorkerRequest& request, const std::string& title) {
  FixedState leader = Guarded([] { return DescribeLeader(); });
  CopyClipped(leader.title, title);
  leader.detached = true;
  LetGo(request, leader);
}

void StartDetachedAs(const WorkerRequest& request, const std::string& title, Oid session_user, Oid role) {
  FixedState leader = DescribeDetached(session_user, role);
  CopyClipped(leader.title, title);
  LetGo(request, leader);
}

struct WorkerTeam::Member {
  Launch* launch;
  bool ended;
};

WorkerTeam::WorkerTeam() = default;

WorkerTeam::~WorkerTeam() {
  if (running() > 0) Stop({});
  for (const Member& member : members_) {
    if (member.launch->error != nullptr) FreeErrorData(member.launch->error);
    try {
      EndLaunch(member.launch);
    } catch (const core::Error&) {
      // What is left of it goes with this process.
      continue;
    }
  }
}

bool WorkerTeam::Start(const WorkerRequest& request) {
  const std::string bytes = Encode(request);
  Launch* launch = Guarded([&] { return TryStartWorker(bytes, DescribeLeader()); });
  if (launch == nullptr) return false;
  members_.push_back({launch, false});
  return true;
}

std::size_t WorkerTeam::running() const {
  std::size_t count = 0;
  for (const Member& member : members_) count += member.ended ? 0 : 1;
  return count;
}

void WorkerTeam::Check() {
  for (Member& member : members_) {
    if (member.ended) continue;
    Launch* launch = member.launch;
    if (Guarded([&] { return DrainQueue(launch); })) continue;
    if (!Guarded([&] { return WorkerHasStopped(launch); })) continue;
    member.ended = true;
    ErrorData* error = launch->error;
    launch->error = nullptr;
    if (error != nullptr) ThrowAsException(error);
    if (!launch->finished) ThrowLost();
    sum_ += launch->result;
  }
}

void WorkerTeam::Stop(const core::ErrorReport& reason) noexcept {
  for (const Member& member : members_) {
    if (!member.ended) GiveReason(member.launch, reason);
  }
  for (Member& member : members_) {
    if (!member.ended) StopAndWait(member.launch);
    member.ended = true;
  }
}

std::int64_t WorkerTeam::WaitForAll() {
  for (;;) {
    CheckInterrupts();
    Check();
    if (running() == 0) return sum_;
    Guarded([] { WaitBriefly(); });
  }
}

}  // namespace headway::pg
