#include "pg/locks/lock_table.hpp"

#include "pg/guard.hpp"
#include "pg/postgres.hpp"

namespace headway::pg {

LockCount CountLocks() {
  return Guarded([] {
    LockCount count;
    LockData* data = GetLockStatusData();
    for (int i = 0; i < data->nelements; ++i) {
      if (data->locks[i].pid == MyProcPid) ++count.held;
    }
    count.capacity = static_cast<std::int64_t>(max_locks_per_xact) * (MaxBackends + max_prepared_xacts);
    pfree(data->locks);
    pfree(data);
    return count;
  });
}

}  // namespace headway::pg
