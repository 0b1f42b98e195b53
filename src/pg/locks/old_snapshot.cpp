#include "pg/locks/old_snapshot.hpp"

#include "core/format.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/locks/blockers.hpp"
#include "pg/session_list.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "access/transam.h"
#include "replication/slot.h"
}

namespace headway::pg {

namespace {

// A transaction that was prepared is in no session any more.
PreparedQuery load_prepared(
    "SELECT transaction, gid FROM pg_catalog.pg_prepared_xacts WHERE database OPERATOR(pg_catalog.=) "
    "pg_catalog.current_database() ORDER BY pg_catalog.age(transaction) DESC LIMIT 1",
    "");

bool IsOlder(TransactionId xid, const std::optional<OldSnapshot>& than) {
  return TransactionIdIsNormal(xid) && (!than || TransactionIdPrecedes(xid, than->xmin));
}

void LookAtSessions(std::optional<OldSnapshot>& oldest) {
  Guarded([&] {
    ForEachSession([&](const LocalPgBackendStatus& session) {
      const PgBackendStatus& status = session.backendStatus;
      if (status.st_procpid == MyProcPid) return;
      // A standby that tells its own snapshots is connected to no database and holds for all.
      if (OidIsValid(status.st_databaseid) && status.st_databaseid != MyDatabaseId) return;
      if (status.st_backendType == B_AUTOVAC_WORKER || status.st_progress_command == PROGRESS_COMMAND_VACUUM) return;
      for (const TransactionId xid : {session.backend_xmin, session.backend_xid}) {
        if (IsOlder(xid, oldest)) oldest = OldSnapshot{xid, status.st_procpid, {}, {}};
      }
    });
  });
}

void LookAtSlots(std::optional<OldSnapshot>& oldest) {
  if (ReplicationSlotCtl == nullptr) return;
  for (int i = 0; i < max_replication_slots; ++i) {
    ReplicationSlot* slot = &ReplicationSlotCtl->replication_slots[i];
    TransactionId xmin = InvalidTransactionId;
    NameData name;
    SpinLockAcquire(&slot->mutex);
    if (slot->in_use) xmin = slot->effective_xmin;
    name = slot->data.name;
    SpinLockRelease(&slot->mutex);
    if (IsOlder(xmin, oldest)) oldest = OldSnapshot{xmin, 0, NameStr(name), {}};
  }
}

}  // namespace

std::optional<OldSnapshot> OldestSnapshot() {
  std::optional<OldSnapshot> oldest;
  LookAtSessions(oldest);
  LookAtSlots(oldest);
  for (const Row& row : load_prepared.Run().rows) {
    const auto xid = static_cast<TransactionId>(std::stoul(*row[0]));
    if (IsOlder(xid, oldest)) oldest = OldSnapshot{xid, 0, {}, row[1].value_or("")};
  }
  return oldest;
}

std::string DescribeSnapshot(const OldSnapshot& snapshot) {
  if (!snapshot.slot.empty()) return core::Format("replication slot \"%1%\"", snapshot.slot);
  if (!snapshot.prepared.empty()) return core::Format("prepared transaction \"%1%\"", snapshot.prepared);
  // What it does is for those who may see it, and this text is kept where others read it.
  core::Blocker session = SessionOf(snapshot.pid);
  session.query.clear();
  return core::DescribeBlockers({session});
}

}  // namespace headway::pg
