#include "core/retry.hpp"

#include <algorithm>

#include "core/sqlstate.hpp"

namespace headway::core {

bool IsRetryable(std::string_view sqlstate) {
  return sqlstate == sqlstate::kLockNotAvailable || sqlstate == sqlstate::kDeadlockDetected;
}

std::optional<std::int64_t> PauseBeforeRetry(const RetryPolicy& policy, std::int64_t elapsed_ms, double chance) {
  if (elapsed_ms >= policy.lock_retry_ms) return std::nullopt;
  const auto pause = static_cast<std::int64_t>(static_cast<double>(policy.pause_ms) * (0.5 + chance));
  const std::int64_t left = policy.lock_retry_ms - std::max<std::int64_t>(0, elapsed_ms);
  return pause < left ? pause : left;
}

}  // namespace headway::core
