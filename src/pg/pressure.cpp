#include "pg/pressure.hpp"

#include <algorithm>

#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/session_list.hpp"

extern "C" {
#include "access/relation.h"
#include "access/transam.h"
#include "access/xlog.h"
#include "executor/instrument.h"
#include "replication/slot.h"
#include "replication/walsender.h"
#include "replication/walsender_private.h"
#include "storage/fd.h"
#include "storage/procarray.h"
#include "utils/datetime.h"
}

namespace headway::pg {

namespace {

constexpr const char* kArchiveStatus = "pg_wal/archive_status";
constexpr const char* kReady = ".ready";
constexpr int kMillisecond = 1'000;  // in microseconds

struct Sender {
  int pid = 0;  // 0: there is none
  WalSndState state = WALSNDSTATE_STARTUP;
  XLogRecPtr applied = InvalidXLogRecPtr;
  TimeOffset measured = -1;  // microseconds
};

Sender SenderAt(int index) {
  WalSnd* slot = &WalSndCtl->walsnds[index];
  Sender sender;
  SpinLockAcquire(&slot->mutex);
  sender.pid = slot->pid;
  sender.state = slot->state;
  sender.applied = slot->apply;
  sender.measured = slot->applyLag;
  SpinLockRelease(&slot->mutex);
  return sender;
}

// Who only copies WAL says of no position that it has applied it. One that decodes it is connected to a database.
bool IsStandby(const Sender& sender) {
  if (sender.pid == 0 || sender.state == WALSNDSTATE_BACKUP || XLogRecPtrIsInvalid(sender.applied)) return false;
  return Guarded([&] {
    const PGPROC* process = BackendPidGetProc(sender.pid);
    return process != nullptr && !OidIsValid(process->databaseId);
  });
}

bool EndsWith(const char* text, const char* end) {
  const std::size_t length = std::strlen(text);
  const std::size_t end_length = std::strlen(end);
  return length >= end_length && std::strcmp(text + length - end_length, end) == 0;
}

}  // namespace

std::vector<Standby> Standbys() {
  std::vector<Standby> standbys;
  if (WalSndCtl == nullptr) return standbys;
  for (int i = 0; i < max_wal_senders; ++i) {
    const Sender sender = SenderAt(i);
    if (!IsStandby(sender)) continue;
    Standby standby = {sender.pid, sender.applied, std::nullopt};
    if (sender.measured >= 0) standby.measured_ms = sender.measured / kMillisecond;
    standbys.push_back(standby);
  }
  return standbys;
}

std::vector<LogicalSlot> LogicalSlots() {
  std::vector<LogicalSlot> slots;
  if (ReplicationSlotCtl == nullptr) return slots;
  for (int i = 0; i < max_replication_slots; ++i) {
    ReplicationSlot* slot = &ReplicationSlotCtl->replication_slots[i];
    SpinLockAcquire(&slot->mutex);
    const bool logical = slot->in_use && OidIsValid(slot->data.database);
    const XLogRecPtr confirmed = slot->data.confirmed_flush;
    const NameData name = slot->data.name;
    SpinLockRelease(&slot->mutex);
    if (logical && !XLogRecPtrIsInvalid(confirmed)) slots.push_back({NameStr(name), confirmed});
  }
  return slots;
}

int ActiveSessions() {
  return Guarded([] {
    int active = 0;
    ForEachSession([&](const LocalPgBackendStatus& session) {
      const PgBackendStatus& status = session.backendStatus;
      if (status.st_backendType != B_BACKEND) return;
      if (status.st_state != STATE_RUNNING && status.st_state != STATE_FASTPATH) return;
      const PGPROC* process = BackendPidGetProc(status.st_procpid);
      constexpr std::uint32_t kClass = 0xFF000000U;
      if (process != nullptr && (process->wait_event_info & kClass) != PG_WAIT_EXTENSION) ++active;
    });
    return active;
  });
}

bool AutovacuumAnalyzes() {
  return Guarded([] {
    bool found = false;
    ForEachSession([&](const LocalPgBackendStatus& session) {
      const PgBackendStatus& status = session.backendStatus;
      found = found || (status.st_backendType == B_AUTOVAC_WORKER && status.st_databaseid == MyDatabaseId &&
                        status.st_progress_command == PROGRESS_COMMAND_ANALYZE);
    });
    return found;
  });
}

std::int64_t RequestedCheckpoints() {
  return Guarded([]() -> std::int64_t {
    pgstat_clear_snapshot();
    return compat::RequestedCheckpoints();
  });
}

std::string ApplicationName(int pid) {
  const char* name = nullptr;
  Guarded([&] {
    ForEachSession([&](const LocalPgBackendStatus& session) {
      if (session.backendStatus.st_procpid == pid) name = session.backendStatus.st_appname;
    });
  });
  return name == nullptr ? "" : name;
}

bool MaySeeStandbys() {
  return Guarded([] {
    // Roles are looked up in the catalogs.
    const bool open = IsTransactionState();
    if (!open) StartTransactionCommand();
    const bool may = has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
    if (!open) CommitTransactionCommand();
    return may;
  });
}

std::uint64_t FlushedPosition() {
  return Guarded([] { return GetFlushRecPtr(nullptr); });
}

std::uint64_t InsertedPosition() {
  return Guarded([] { return GetXLogInsertRecPtr(); });
}

std::int64_t OwnWal() { return static_cast<std::int64_t>(pgWalUsage.wal_bytes); }

std::uint32_t WritingTransaction() { return GetTopTransactionIdIfAny(); }

bool IsBehindAllSnapshots(Oid table, std::uint32_t transaction) {
  return Guarded([&] {
    Relation opened = relation_open(table, AccessShareLock);
    const TransactionId horizon = GetOldestNonRemovableTransactionId(opened);
    relation_close(opened, NoLock);
    return TransactionIdPrecedes(transaction, horizon);
  });
}

std::int64_t FilesToArchive() {
  if (!XLogArchivingActive()) return 0;
  return Guarded([] {
    std::int64_t count = 0;
    // What cannot be read goes to the server's log; no job fails of it.
    DIR* folder = AllocateDir(kArchiveStatus);
    if (folder == nullptr) return count;
    while (const dirent* entry = ReadDirExtended(folder, kArchiveStatus, LOG)) {
      if (EndsWith(entry->d_name, kReady)) ++count;
    }
    FreeDir(folder);
    return count;
  });
}

int FreeWorkerSlots() {
  // The list of those that are free is behind a lock that is the server's own. Each entry knows what it is for, and its
  // latch whether it is somebody's.
  const volatile PROC_HDR* all = ProcGlobal;
  int used = 0;
  for (uint32 i = 0; i < all->allProcCount; ++i) {
    const volatile PGPROC* process = &all->allProcs[i];
    if (process->procgloballist == &all->bgworkerFreeProcs && process->procLatch.owner_pid != 0) ++used;
  }
  return std::max(0, max_worker_processes - used);
}

core::LocalTime LocalNow() {
  return Guarded([] {
    pg_tm local = {};
    fsec_t microseconds = 0;
    int zone = 0;
    if (timestamp2tm(GetCurrentTimestamp(), &zone, &local, &microseconds, nullptr, nullptr) != 0) {
      ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
    }
    const int seconds = (local.tm_hour * 60 + local.tm_min) * 60 + local.tm_sec;
    return core::LocalTime{j2day(date2j(local.tm_year, local.tm_mon, local.tm_mday)),
                           std::int64_t{seconds} * 1000 + microseconds / kMillisecond};
  });
}

}  // namespace headway::pg
