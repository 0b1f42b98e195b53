#include "pg/process/resumption.hpp"

#include "core/format.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/process/transaction.hpp"
#include "pg/process/worker_team.hpp"
#include "pg/settings.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_database.h"
}

namespace headway::pg {

namespace {

constexpr int kRestartSeconds = 10;

LeftBehindList left_behind_list = nullptr;

void DescribeProcess(BackgroundWorker& worker, Oid database) {
  std::memset(&worker, 0, sizeof(worker));
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
  // The one that outlives the databases' is begun again after a crash, and looks again.
  worker.bgw_restart_time = OidIsValid(database) ? BGW_NEVER_RESTART : kRestartSeconds;
  strlcpy(worker.bgw_library_name, "pg_headway", sizeof(worker.bgw_library_name));
  strlcpy(worker.bgw_function_name, "headway_resumption_main", sizeof(worker.bgw_function_name));
  strlcpy(worker.bgw_name, "pg_headway resumption", sizeof(worker.bgw_name));
  strlcpy(worker.bgw_type, "pg_headway resumption", sizeof(worker.bgw_type));
  worker.bgw_main_arg = ObjectIdGetDatum(database);
  worker.bgw_notify_pid = OidIsValid(database) ? MyProcPid : 0;
}

// REQUIRES: inside a guard; an array in the memory of this process.
List* ConnectableDatabases() {
  List* databases = NIL;
  StartTransactionCommand();
  (void)GetTransactionSnapshot();
  Relation catalog = table_open(DatabaseRelationId, AccessShareLock);
  TableScanDesc scan = table_beginscan_catalog(catalog, 0, nullptr);
  for (HeapTuple tuple; HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection));) {
    auto* form = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple));
    if (!form->datallowconn || form->datistemplate) continue;
    MemoryContext transaction = MemoryContextSwitchTo(TopMemoryContext);
    databases = lappend_oid(databases, form->oid);
    MemoryContextSwitchTo(transaction);
  }
  table_endscan(scan);
  table_close(catalog, AccessShareLock);
  CommitTransactionCommand();
  return databases;
}

// REQUIRES: inside a guard.
void LookInto(Oid database) {
  BackgroundWorker worker;
  DescribeProcess(worker, database);
  BackgroundWorkerHandle* handle;
  if (!RegisterDynamicBackgroundWorker(&worker, &handle)) {
    ereport(
        WARNING,
        (errmsg("cannot look whether backfills of database with OID %u are to go on", database),
         errdetail("All of max_worker_processes (%d) are in use.", max_worker_processes),
         errhint("Raise max_worker_processes, or call them again by hand: see headway.progress in that database.")));
    return;
  }
  (void)WaitForBackgroundWorkerShutdown(handle);
}

// Until the server stops: after a crash of another process the postmaster begins us again, and only those that are
// still there.
[[noreturn]] void SleepForGood() {
  for (;;) {
    if (ShutdownRequestPending) proc_exit(1);
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, -1, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  }
}

[[noreturn]] void LookIntoAll() {
  BackgroundWorkerInitializeConnection(nullptr, nullptr, 0);
  List* databases = ConnectableDatabases();
  ListCell* cell;
  foreach (cell, databases) {
    if (ShutdownRequestPending) proc_exit(1);
    LookInto(lfirst_oid(cell));
  }
  SleepForGood();
}

void GoOnWith(const LeftBehind& work) {
  Guarded([&] { ereport(LOG, (errmsg_internal("%s goes on after a restart", work.title.c_str()))); });
  StartDetachedAs(work.request, work.title, work.session_user, work.role);
}

void ResumeHere() {
  BeginBlock();
  const std::vector<LeftBehind> left_behind = left_behind_list();
  CommitBlock();
  for (const LeftBehind& work : left_behind) {
    std::optional<core::ErrorReport> failure;
    if (Contained([&] { GoOnWith(work); }, failure)) continue;
    Guarded([&] {
      ereport(WARNING, (errmsg_internal("%s does not go on: %s", work.title.c_str(), failure->message.c_str()),
                        errdetail_internal("%s", failure->detail.c_str()), errhint("Call it again by hand.")));
    });
  }
}

}  // namespace

void SetLeftBehindList(LeftBehindList list) { left_behind_list = list; }

// Plain server code, nothing here may throw.
void RegisterResumption() {
  if (!process_shared_preload_libraries_in_progress || !ResumesAfterRestart()) return;
  BackgroundWorker worker;
  DescribeProcess(worker, InvalidOid);
  RegisterBackgroundWorker(&worker);
}

}  // namespace headway::pg

extern "C" {

PGDLLEXPORT void headway_resumption_main(Datum argument);

void headway_resumption_main(Datum argument) {
  using namespace headway;  // NOLINT: the one function outside of the namespace
  const Oid database = DatumGetObjectId(argument);
  std::optional<core::ErrorReport> failure;
  const bool done = pg::Contained(
      [&] {
        pg::Guarded([&] {
          pqsignal(SIGTERM, OidIsValid(database) ? die : SignalHandlerForShutdownRequest);
          pqsignal(SIGHUP, SignalHandlerForConfigReload);
          BackgroundWorkerUnblockSignals();
          if (!OidIsValid(database)) pg::LookIntoAll();
          BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
        });
        pg::ResumeHere();
      },
      failure);
  if (!done) {
    pg::AbortTransaction();
    ereport(LOG, (errmsg_internal("backfills do not go on after a restart: %s", failure->message.c_str())));
  }
  failure.reset();
  proc_exit(done ? 0 : 1);
}
}
