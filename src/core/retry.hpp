// When to try again after a lock was not to be had, and how long to pause before it. Pure: time and chance come in.
//
// Queueing behind a long reader makes everyone behind us wait too, so each try queues only briefly (the lock timeout)
// and the pauses between tries, in which nothing is held, are long in comparison.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace headway::core {

struct RetryPolicy {
  std::int64_t lock_timeout_ms = 100;    // the longest wait in a lock queue, per try; 0: no limit
  std::int64_t lock_retry_ms = 300'000;  // how long to go on trying in all
  std::int64_t pause_ms = 1'000;         // the middle of the pauses
};

// Only what another transaction's end can cure: a lock timeout and a deadlock. A cancel is never retried.
bool IsRetryable(std::string_view sqlstate);

// The pause before the next try, or nothing when the time is spent. `chance` is uniform in [0, 1): it spreads the
// pause from 0.5x to 1.5x, so that two runners do not meet again and again.
std::optional<std::int64_t> PauseBeforeRetry(const RetryPolicy& policy, std::int64_t elapsed_ms, double chance);

}  // namespace headway::core
