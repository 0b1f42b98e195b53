#include "pg/locks/hover.hpp"

#include <algorithm>

#include "pg/backend.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/locks/lock_try.hpp"

namespace headway::pg {

namespace {

constexpr std::int64_t kFirstPollMs = 1;
constexpr std::int64_t kLongestPollMs = 10;

// The rule of LOCK TABLE, wider for what a statement may need REFERENCES or TRIGGER for.
bool MayLock(const LockNeed& need) {
  AclMode privileges = ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE;
  if (need.mode == AccessShareLock) privileges |= ACL_SELECT;
  if (need.mode <= RowExclusiveLock) privileges |= ACL_INSERT;
  if (need.mode <= ShareRowExclusiveLock) privileges |= ACL_REFERENCES | ACL_TRIGGER;
  return compat::OwnsRelation(need.relation) ||
         pg_class_aclmask(need.relation, GetUserId(), privileges, ACLMASK_ANY) != 0;
}

struct Holders {
  VirtualTransactionId* xids = nullptr;
  int count = 0;
};

// REQUIRES: inside a guard.
Holders HoldersOf(const LockNeed& need) {
  LOCKTAG tag;
  SET_LOCKTAG_RELATION(tag, MyDatabaseId, need.relation);
  Holders holders;
  holders.xids = GetLockConflicts(&tag, need.mode, &holders.count);
  return holders;
}

// An autovacuum gives way to whoever stands in the queue, and to nobody else; one that prevents wraparound does not.
bool GivesWay(const VirtualTransactionId& xid) {
  if (VirtualTransactionIdIsRecoveredPreparedXact(xid)) return false;
  const PGPROC* process = compat::ProcessOf(xid);
  if (process == nullptr) return false;
  return (process->statusFlags & (PROC_IS_AUTOVACUUM | PROC_VACUUM_FOR_WRAPAROUND)) == PROC_IS_AUTOVACUUM;
}

bool AnyStayed(const Holders& before, const Holders& after) {
  for (int i = 0; i < after.count; ++i) {
    if (GivesWay(after.xids[i])) continue;
    for (int j = 0; j < before.count; ++j) {
      if (VirtualTransactionIdEquals(before.xids[j], after.xids[i])) return true;
    }
  }
  return false;
}

std::vector<LockNeed> AllowedNeedsOf(const std::string& statement) {
  std::vector<LockNeed> needs = LockNeedsOf(statement);
  needs.erase(std::remove_if(needs.begin(), needs.end(),
                             [](const LockNeed& need) { return !Guarded([&] { return MayLock(need); }); }),
              needs.end());
  return needs;
}

}  // namespace

HoverResult HoverFor(const std::string& statement, std::int64_t milliseconds) {
  const std::int64_t end = NowMs() + milliseconds;
  Holders at_first;
  Oid missing_at_first = InvalidOid;
  for (std::int64_t poll = kFirstPollMs;; poll = std::min(kLongestPollMs, poll * 2)) {
    const std::vector<LockNeed> needs = AllowedNeedsOf(statement);
    const LockTry attempt = TryLocks(needs);
    if (attempt.taken) return {HoverEnd::kTaken, needs, {}};
    const LockNeed missing = attempt.missing.front();
    if (missing_at_first != missing.relation) {
      missing_at_first = missing.relation;
      at_first = Guarded([&] { return HoldersOf(missing); });
    }
    if (NowMs() >= end) {
      const bool stayed = Guarded([&] { return AnyStayed(at_first, HoldersOf(missing)); });
      return {stayed ? HoverEnd::kHeld : HoverEnd::kBusy, needs, missing};
    }
    SleepMs(std::min(poll, std::max<std::int64_t>(1, end - NowMs())));
  }
}

}  // namespace headway::pg
