#include "pg/process/transaction.hpp"

#include "pg/compat.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "storage/pmsignal.h"
}

namespace headway::pg {

namespace {

// A worker lives as long as its run: hours, perhaps. REQUIRES: inside a guard, no transaction open.
void HeedReload() {
  if (!ConfigReloadPending) return;
  ConfigReloadPending = false;
  ProcessConfigFile(PGC_SIGHUP);
}

// A process that does not wait for anything never hears that its server has gone, and would work on without it.
// REQUIRES: inside a guard.
void RequirePostmaster() {
  if (!IsUnderPostmaster || PostmasterIsAlive()) return;
  ereport(FATAL, (errcode(ERRCODE_ADMIN_SHUTDOWN),
                  errmsg("terminating pg_headway worker because of an unexpected postmaster exit")));
}

bool role_is_shut_in = false;

// A transaction must begin without: it is what an abort goes back to. REQUIRES: inside a guard.
void Contain(bool on) {
  if (role_is_shut_in) SetUserIdAndSecContext(GetUserId(), on ? SECURITY_LOCAL_USERID_CHANGE : 0);
}

// REQUIRES: inside a guard.
void Start() {
  RequirePostmaster();
  HeedReload();
  SetCurrentStatementStartTimestamp();
  StartTransactionCommand();
}

// What the commit fires is still contained. REQUIRES: inside a guard.
void Commit() {
  CommitTransactionCommand();
  Contain(false);
  pgstat_report_stat(false);
}

}  // namespace

void ShutRoleIn() { role_is_shut_in = true; }

void LetRoleOut() { role_is_shut_in = false; }

bool IsRoleShutIn() { return role_is_shut_in; }

void BeginBlock() {
  Guarded([] {
    Start();
    BeginTransactionBlock();
    CommitTransactionCommand();
    StartTransactionCommand();
    Contain(true);
  });
}

void CommitBlock() {
  Guarded([] {
    EndTransactionBlock(false);
    Commit();
  });
}

void BeginSingle() {
  Guarded([] {
    Start();
    Contain(true);
  });
}

void BeginSelfCommitting() {
  Guarded([] { Start(); });
}

void CommitSingle() {
  Guarded([] { Commit(); });
}

void AbortTransaction() noexcept {
  try {
    Guarded([] {
      // In a transaction block one call only marks the block as failed; the second one ends it.
      AbortOutOfAnyTransaction();
    });
  } catch (...) {
    // An abort that fails is a PANIC in the server, not an ERROR.
  }
}

bool InTransaction() { return IsTransactionState(); }

std::uint32_t CurrentTransactionNumber() { return compat::OwnVirtualTransaction().localTransactionId; }

Savepoint OpenSavepoint() {
  return Guarded([] {
    Savepoint savepoint;
    savepoint.context = CurrentMemoryContext;
    savepoint.owner = CurrentResourceOwner;
    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(savepoint.context);
    savepoint.open = true;
    return savepoint;
  });
}

void ReleaseSavepoint(Savepoint& savepoint) {
  Guarded([&] {
    ReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(savepoint.context);
    CurrentResourceOwner = savepoint.owner;
  });
  savepoint.open = false;
}

void RollbackSavepoint(Savepoint& savepoint) noexcept {
  if (!savepoint.open) return;
  savepoint.open = false;
  try {
    Guarded([&] {
      RollbackAndReleaseCurrentSubTransaction();
      MemoryContextSwitchTo(savepoint.context);
      CurrentResourceOwner = savepoint.owner;
    });
  } catch (...) {
    // As above.
  }
}

}  // namespace headway::pg
