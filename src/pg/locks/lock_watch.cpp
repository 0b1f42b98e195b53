#include "pg/locks/lock_watch.hpp"

#include "pg/guard.hpp"
#include "pg/postgres.hpp"

extern "C" {
#include "utils/timeout.h"
}

namespace headway::pg {

namespace {

TimeoutId timer = MAX_TIMEOUTS;  // registered at the first use: a process has only a few
LOCKTAG awaited_tag;
volatile int awaited_mode = 0;  // 0: none has been seen

volatile TimestampTz hold_limit = 0;     // microseconds; 0: nothing is held, or for as long as one likes
volatile TimestampTz holding_since = 0;  // 0: it is being waited for
volatile sig_atomic_t held_too_long = 0;

// Both run in a signal handler: they read this process's own entry and a clock, and set flags.

void LookAtAwaitedLock(const LOCK* lock) {
  awaited_tag = lock->tag;
  awaited_mode = MyProc->waitLockMode;
}

void LookAtHold() {
  const TimestampTz now = GetCurrentTimestamp();
  if (holding_since == 0) holding_since = now;
  if (now - holding_since < hold_limit || held_too_long != 0) return;
  held_too_long = 1;
  QueryCancelPending = true;
  InterruptPending = true;
  SetLatch(MyLatch);
}

void Look() {
  if (MyProc == nullptr) return;
  const LOCK* lock = MyProc->waitLock;
  if (lock != nullptr) LookAtAwaitedLock(lock);
  if (hold_limit != 0 && (lock == nullptr || holding_since != 0)) LookAtHold();
}

}  // namespace

void StartLockWatch(std::int64_t every_ms) {
  awaited_mode = 0;
  Guarded([&] {
    if (timer == MAX_TIMEOUTS) timer = RegisterTimeout(USER_TIMEOUT, Look);
    enable_timeout_every(timer, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), every_ms),
                         static_cast<int>(every_ms));
  });
}

void StopLockWatch() {
  if (timer != MAX_TIMEOUTS) Guarded([] { disable_timeout(timer, false); });
}

std::optional<AwaitedLock> LastAwaitedLock() {
  if (awaited_mode == 0) return std::nullopt;
  AwaitedLock lock;
  if (awaited_tag.locktag_type == LOCKTAG_RELATION) {
    lock.relation = {static_cast<Oid>(awaited_tag.locktag_field2), awaited_mode};
  } else if (awaited_tag.locktag_type == LOCKTAG_TRANSACTION) {
    lock.transaction = awaited_tag.locktag_field1;
  }
  return lock;
}

void BeginLockHold(std::int64_t most_ms, bool already) {
  if (hold_limit != 0 || most_ms <= 0) return;
  held_too_long = 0;
  holding_since = already ? GetCurrentTimestamp() : 0;
  hold_limit = most_ms * 1000;
}

bool EndLockHold() {
  hold_limit = 0;
  if (held_too_long == 0) return false;
  held_too_long = 0;
  QueryCancelPending = false;
  return true;
}

}  // namespace headway::pg
