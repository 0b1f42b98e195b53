// A lock that a statement is going to take.
#pragma once

#include "pg/guard.hpp"

namespace headway::pg {

struct LockNeed {
  Oid relation = InvalidOid;
  int mode = 0;  // a LOCKMODE
};

}  // namespace headway::pg
