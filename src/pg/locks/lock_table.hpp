// How full the server's lock table is: it is shared by all sessions.
#pragma once

#include <cstdint>

namespace headway::pg {

struct LockCount {
  std::int64_t held = 0;      // heavyweight locks of this backend
  std::int64_t capacity = 0;  // entries that the server's lock table is made for
};
LockCount CountLocks();

}  // namespace headway::pg
