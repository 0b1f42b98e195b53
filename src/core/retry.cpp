#include "core/retry.hpp"

#include <algorithm>

#include "core/sqlstate.hpp"

namespace headway::core {

namespace {

// Nobody has stood behind us, so nobody needs to recover; it only ends the transaction for a moment.
constexpr std::int64_t kPauseAfterHovering = 100;

std::int64_t Doubled(std::int64_t value, int times, std::int64_t most) {
  for (int i = 0; i < times && value < most; ++i) value *= 2;
  return std::min(value, most);
}

}  // namespace

bool IsRetryable(std::string_view sqlstate) {
  return sqlstate == sqlstate::kLockNotAvailable || sqlstate == sqlstate::kDeadlockDetected;
}

std::int64_t QueueTimeout(const RetryPolicy& policy, int queued) {
  if (policy.lock_timeout_ms == 0) return 0;
  return Doubled(policy.lock_timeout_ms, queued, std::max(policy.lock_timeout_ms, policy.lock_timeout_max_ms));
}

std::optional<std::int64_t> PauseBeforeRetry(const RetryPolicy& policy, int queued, std::int64_t elapsed_ms,
                                             double chance) {
  if (elapsed_ms >= policy.lock_retry_ms) return std::nullopt;
  const std::int64_t middle =
      queued == 0 ? kPauseAfterHovering
                  : Doubled(policy.pause_ms, queued - 1, std::max(policy.pause_ms, policy.pause_max_ms));
  const auto pause = static_cast<std::int64_t>(static_cast<double>(middle) * (0.5 + chance));
  const std::int64_t left = policy.lock_retry_ms - std::max<std::int64_t>(0, elapsed_ms);
  return pause < left ? pause : left;
}

}  // namespace headway::core
