// Taking several locks at once or none of them, without ever waiting in a queue.
//
// REQUIRES: a transaction. What is taken stays until its end.
#pragma once

#include "pg/locks/lock_needs.hpp"

namespace headway::pg {

struct LockTry {
  bool taken = false;
  std::vector<LockNeed> missing;  // when not taken: the first that was not to be had
};

// Locks that this transaction had before stay, whatever comes out. A relation that is gone meanwhile hinders nothing.
LockTry TryLocks(const std::vector<LockNeed>& needs);

}  // namespace headway::pg
