// Who has the oldest snapshot or transaction of this database: while it goes on, no version of a row that it may still
// see is removed, however often the table is vacuumed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/blocker.hpp"

namespace headway::pg {

struct OldSnapshot {
  std::uint32_t xmin = 0;  // nothing that ended from here on is removed
  int pid = 0;             // 0: no session
  std::string slot;        // the replication slot, if it is one's
  std::string prepared;    // the prepared transaction, if it is one's
};

// Leaves this session and those that vacuum out, as the server does. Whatever rights the user has: it is read from
// shared memory. REQUIRES: a transaction.
std::optional<OldSnapshot> OldestSnapshot();

// As messages show it: pid 4711 (app, "idle in transaction" for 00:03:10). REQUIRES: a transaction.
std::string DescribeSnapshot(const OldSnapshot& snapshot);

}  // namespace headway::pg
