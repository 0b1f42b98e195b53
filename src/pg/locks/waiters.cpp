#include "pg/locks/waiters.hpp"

#include <algorithm>

#include "pg/guard.hpp"
#include "pg/postgres.hpp"

namespace headway::pg {

namespace {

// In a memory context of its own: pg_blocking_pids() leaves some 10 kB behind, and a leader asks every second,
// for hours perhaps.
void AppendBlockers(int pid, std::vector<int>& found) {
  MemoryContext context = Guarded(
      [] { return AllocSetContextCreate(CurrentMemoryContext, "pg_headway blockers", ALLOCSET_DEFAULT_SIZES); });
  ArrayType* array = Guarded([&] {
    MemoryContext caller = MemoryContextSwitchTo(context);
    ArrayType* blockers = DatumGetArrayTypeP(DirectFunctionCall1(pg_blocking_pids, Int32GetDatum(pid)));
    MemoryContextSwitchTo(caller);
    return blockers;
  });
  const int count = Guarded([&] { return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)); });
  const auto* pids = reinterpret_cast<const std::int32_t*>(ARR_DATA_PTR(array));
  for (int i = 0; i < count; ++i) {
    if (std::find(found.begin(), found.end(), pids[i]) == found.end()) found.push_back(pids[i]);
  }
  Guarded([&] { MemoryContextDelete(context); });
}

}  // namespace

bool WaitsFor(int pid, int suspect) {
  std::vector<int> found;
  AppendBlockers(pid, found);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] == suspect) return true;
    if (found[i] != 0 && found.size() < 1000) AppendBlockers(found[i], found);
  }
  return false;
}

bool SomebodyWaitsForUs() {
  return Guarded([] {
    const TransactionId xid = GetTopTransactionIdIfAny();
    if (!TransactionIdIsValid(xid)) return false;
    LOCKTAG tag;
    SET_LOCKTAG_TRANSACTION(tag, xid);
    return LockHasWaiters(&tag, ExclusiveLock, false);
  });
}

}  // namespace headway::pg
