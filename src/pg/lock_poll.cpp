#include "pg/lock_poll.hpp"

#include <algorithm>

namespace headway::pg {

namespace {

// Names that change under every look are not worth more.
constexpr int kMostLooks = 10;

// The server counts: a lock taken twice and released once is still held.
void Release(const LockNeed* needs, std::size_t count) {
  Guarded([&] {
    for (std::size_t i = count; i > 0; --i) UnlockRelationOid(needs[i - 1].relation, needs[i - 1].mode);
  });
}

bool Same(const std::vector<LockNeed>& left, const std::vector<LockNeed>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const LockNeed& a, const LockNeed& b) { return a.relation == b.relation && a.mode == b.mode; });
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

LockTry TryLocksOf(const std::string& statement) {
  std::vector<LockNeed> needs = LockNeedsOf(statement);
  for (int look = 0; look < kMostLooks; ++look) {
    LockTry attempt = TryLocks(needs);
    if (!attempt.taken) return attempt;
    std::vector<LockNeed> now = LockNeedsOf(statement);
    if (Same(needs, now)) return attempt;
    Release(needs.data(), needs.size());
    needs = std::move(now);
  }
  return {false, needs};
}

}  // namespace headway::pg
