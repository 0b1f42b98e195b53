// What this process waits for, and how long it holds a strong lock: seen by a timer in the middle of a statement, where
// nothing else of ours runs.
#pragma once

#include <optional>

#include "pg/locks/lock_needs.hpp"
#include "pg/types.hpp"

namespace headway::pg {

// Between the two the lock that is waited for is looked at every so often. The server forgets it when it gives up.
void StartLockWatch(std::int64_t every_ms);
void StopLockWatch();

struct AwaitedLock {
  LockNeed relation;                           // invalid: it was no lock of a relation
  TransactionId transaction = kNoTransaction;  // whose end was waited for, as by a row that it has changed
};
// The last one seen since StartLockWatch(), if one was.
std::optional<AwaitedLock> LastAwaitedLock();

// From now on, or from when the running statement has waited for it, this process holds a strong lock. While the watch
// is on, a statement that goes on for longer is cancelled. For the first such lock only, until EndLockHold().
void BeginLockHold(std::int64_t most_ms, bool already);
// Whether the time was over. A cancel that came of it and has not been taken yet is taken back.
bool EndLockHold();

}  // namespace headway::pg
