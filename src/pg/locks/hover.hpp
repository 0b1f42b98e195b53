// Trying for the locks of a statement without waiting in a queue, so that nobody is stalled by the try.
#pragma once

#include <vector>

#include "pg/locks/lock_needs.hpp"
#include "pg/types.hpp"

namespace headway::pg {

enum class HoverEnd {
  kTaken,  // all of them
  kBusy,   // not all of them, but those who hold them come and go
  kHeld,   // not all of them, and somebody has held one from the beginning to the end
};

struct HoverResult {
  HoverEnd end = HoverEnd::kTaken;
  std::vector<LockNeed> needs;
  LockNeed missing;  // unless it has taken them: the first that was not to be had
};

// What was taken stays with the transaction. Names are resolved again each time, since they may change meanwhile. Only
// what the current user may lock is tried for: the statement itself will say that the rest is not allowed.
// REQUIRES: a transaction.
HoverResult HoverFor(const std::string& statement, std::int64_t milliseconds);

}  // namespace headway::pg
