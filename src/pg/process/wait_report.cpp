#include "pg/process/wait_report.hpp"

#include <algorithm>

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/backend.hpp"
#include "pg/guard.hpp"
#include "pg/locks/blockers.hpp"
#include "pg/postgres.hpp"
#include "pg/process/transaction.hpp"

extern "C" {
#include "storage/lwlock.h"
#include "utils/wait_event.h"
}

namespace headway::pg {

namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kTellAfterMs[] = {2'000, 10'000, 30'000};
constexpr int kTimes = sizeof(kTellAfterMs) / sizeof(kTellAfterMs[0]);

std::int64_t TellAfterMs(int told) { return told < kTimes ? kTellAfterMs[told] : (told - kTimes + 1) * kMinute; }

bool WaitsForLock(int pid) {
  constexpr std::uint32_t kClassOfEvent = 0xFF000000;
  const PGPROC* process = BackendPidGetProc(pid);
  return process != nullptr && (process->wait_event_info & kClassOfEvent) == PG_WAIT_LOCK;
}

// The mark of a transaction whose snapshot an index build elsewhere need not wait for. It does not let vacuum remove
// what the snapshot sees.
void MarkSafe(bool safe) {
  LWLockAcquire(ProcArrayLock, LW_EXCLUSIVE);
  MyProc->statusFlags =
      static_cast<uint8>(safe ? MyProc->statusFlags | PROC_IN_SAFE_IC : MyProc->statusFlags & ~PROC_IN_SAFE_IC);
  ProcGlobal->statusFlags[MyProc->pgxactoff] = MyProc->statusFlags;
  LWLockRelease(ProcArrayLock);
}

class SafeMark {
 public:
  SafeMark() {
    Guarded([] { MarkSafe(true); });
  }
  SafeMark(const SafeMark&) = delete;
  SafeMark& operator=(const SafeMark&) = delete;
  ~SafeMark() {
    InvalidateCatalogSnapshot();
    MarkSafe(false);
  }
};

class UndoneSavepoint {
 public:
  UndoneSavepoint() : savepoint_(OpenSavepoint()) {}
  UndoneSavepoint(const UndoneSavepoint&) = delete;
  UndoneSavepoint& operator=(const UndoneSavepoint&) = delete;
  ~UndoneSavepoint() { RollbackSavepoint(savepoint_); }

 private:
  Savepoint savepoint_;
};

// A look at the server's views that leaves nothing behind; the mark outlives the snapshot.
class Glance {
 public:
  Glance() {
    Guarded([] { PushActiveSnapshot(GetTransactionSnapshot()); });
  }

 private:
  SafeMark mark_;
  UndoneSavepoint savepoint_;
};

// Failing to find out must not end the run.
std::vector<core::Blocker> Look(int pid) {
  try {
    Glance glance;
    return BlockersOfPid(pid);
  } catch (const core::Error& error) {
    if (error.Is(core::sqlstate::kQueryCanceled) || error.Is(core::sqlstate::kAdminShutdown)) throw;
    return {};
  }
}

std::string Summary(const std::vector<core::Blocker>& blockers) {
  std::int64_t oldest = -1;
  for (const core::Blocker& blocker : blockers) oldest = std::max(oldest, blocker.age_ms);
  std::string text = core::Format("waiting for %1% transaction%2%", blockers.size(), blockers.size() == 1 ? "" : "s");
  if (oldest >= 0) text += core::Format(", the oldest for %1%", core::DescribeAge(oldest));
  return text;
}

}  // namespace

void ReportWait(int pid, WaitWatch& watch) {
  if (!InTransaction()) return;
  if (!Guarded([&] { return WaitsForLock(pid); })) {
    watch = {};
    return;
  }
  const TimestampTz now = GetCurrentTimestamp();
  if (watch.since == 0) watch.since = now;
  if ((now - watch.since) / 1000 < TellAfterMs(watch.told)) return;
  const std::vector<core::Blocker> blockers = Look(pid);
  Assert(!TransactionIdIsValid(MyProc->xmin));
  if (blockers.empty()) return;
  ++watch.told;
  ReportNotice(Summary(blockers), core::DescribeBlockers(blockers), {});
}

}  // namespace headway::pg
