// A leader tells its client whom its worker waits for, while it waits.
//
// The leader must keep nothing of the look: a snapshot, a catalog's lock, or the worker's CONCURRENTLY would wait for
// the leader in turn, for ever. So it is a savepoint that is rolled back, and meanwhile the leader is marked as one
// whose snapshot no index build has to wait for: it reads the server's views only.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// What is known of a wait from one look to the next. Plain data, all zero at the beginning.
struct WaitWatch {
  TimestampTz since;  // 0: it did not wait
  int told;           // how often
};

// To be called every second or so. Says whom the process waits for when it has for 2 s, 10 s, 30 s, then each minute.
// REQUIRES: a transaction, no snapshot held by this backend.
void ReportWait(int pid, WaitWatch& watch);

}  // namespace headway::pg
