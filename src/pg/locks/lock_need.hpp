// A lock that a statement is going to take.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// The modes that our own code names: LOCKMODEs, under the names that they have there.
constexpr int kRowExclusiveLock = 3;
constexpr int kShareRowExclusiveLock = 6;
constexpr int kAccessExclusiveLock = 8;

struct LockNeed {
  Oid relation = kNoOid;
  int mode = 0;  // a LOCKMODE
};

// Whether not even a SELECT gets past this lock.
constexpr bool BlocksReads(const LockNeed& need) { return need.mode == kAccessExclusiveLock; }

}  // namespace headway::pg
