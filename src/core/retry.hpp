// When to try again after a lock was not to be had, and how long to pause before it. Pure: time and chance come in.
//
// A try first hovers: it asks for its locks again and again without waiting in a queue, which costs nobody anything.
// Queueing makes everyone behind us wait too. So it is done only for tables that are never free, briefly at first (the
// lock timeout), longer with each try, and the pauses between tries, in which nothing is held, are long in comparison.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace headway::core {

struct RetryPolicy {
  std::int64_t hover_ms = 2'000;             // how long a try polls before it queues
  std::int64_t lock_timeout_ms = 100;        // the longest wait in a lock queue in the first try; 0: no limit
  std::int64_t lock_timeout_max_ms = 1'000;  // ... in a late one
  std::int64_t lock_retry_ms = 300'000;      // how long to go on trying in all
  std::int64_t concurrently_timeout_ms = 0;  // for statements that wait for others by design; 0: no limit
  std::int64_t pause_ms = 500;               // the middle of the first pause
  std::int64_t pause_max_ms = 2'000;         // ... of a late one
};

// Only what another transaction's end can cure: a lock timeout and a deadlock. A cancel is never retried.
bool IsRetryable(std::string_view sqlstate);

// How long a try may queue that comes after `queued` tries that have queued in vain.
std::int64_t QueueTimeout(const RetryPolicy& policy, int queued);

// The pause before the next try, or nothing when the time is spent. It grows with the tries that have queued in vain.
// `chance` is uniform in [0, 1): it spreads the pause from 0.5x to 1.5x, so that two runners do not meet again and
// again.
std::optional<std::int64_t> PauseBeforeRetry(const RetryPolicy& policy, int queued, std::int64_t elapsed_ms,
                                             double chance);

}  // namespace headway::core
