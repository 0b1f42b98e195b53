// Taking all the locks of a statement at once or none of them, without ever standing in a queue.
//
// REQUIRES: a transaction. What is taken stays until its end.
#pragma once

#include "pg/lock_needs.hpp"

namespace headway::pg {

struct LockTry {
  bool taken = false;
  std::vector<LockNeed> missing;  // when not taken: the first that was not to be had
};

// Locks that this transaction had before stay, whatever comes out. A relation that is gone meanwhile hinders nothing.
LockTry TryLocks(const std::vector<LockNeed>& needs);

// The same for what a statement needs. Its names are looked up again under the locks: when they mean other relations
// by then (dropped and made anew, renamed), it is tried with those.
LockTry TryLocksOf(const std::string& statement);

}  // namespace headway::pg
