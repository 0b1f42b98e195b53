#include "pg/locks/lock_try.hpp"

#include "pg/guard.hpp"
#include "pg/postgres.hpp"

namespace headway::pg {

namespace {

// The server counts: a lock taken twice and released once is still held.
void Release(const LockNeed* needs, std::size_t count) {
  Guarded([&] {
    for (std::size_t i = count; i > 0; --i) UnlockRelationOid(needs[i - 1].relation, needs[i - 1].mode);
  });
}

}  // namespace

LockTry TryLocks(const std::vector<LockNeed>& needs) {
  const std::size_t taken = Guarded([&] {
    std::size_t count = 0;
    while (count < needs.size() && ConditionalLockRelationOid(needs[count].relation, needs[count].mode)) ++count;
    return count;
  });
  if (taken == needs.size()) return {true, {}};
  Release(needs.data(), taken);
  return {false, {needs[taken]}};
}

}  // namespace headway::pg
