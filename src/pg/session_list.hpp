// All processes of the server that pg_stat_activity shows, as they are now.
#pragma once

#include "pg/compat.hpp"

namespace headway::pg {

// REQUIRES: inside a guard.
template <class Look>
void ForEachSession(Look look) {
  // A copy of all entries is made, once in a transaction if nobody throws it away.
  pgstat_clear_backend_activity_snapshot();
  const int count = pgstat_fetch_stat_numbackends();
  for (int i = 1; i <= count; ++i) {
    const LocalPgBackendStatus* session = compat::LocalSessionStatus(i);
    if (session != nullptr) look(*session);
  }
}

}  // namespace headway::pg
