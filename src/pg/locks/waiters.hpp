// Who waits for whom, as the lock manager knows it. No transaction is needed.
#pragma once

namespace headway::pg {

// The pids, other than `pid` itself, that `pid` waits for, directly or through others, contain `suspect`.
bool WaitsFor(int pid, int suspect);

// Whether another session waits for the end of this transaction: for a row that it has changed or locked.
bool SomebodyWaitsForUs();

}  // namespace headway::pg
