#include "core/batch_size.hpp"

#include <algorithm>

namespace headway::core {

std::int64_t NextBatchSize(std::int64_t current, std::int64_t took_us, const BatchLimits& limits) {
  const std::int64_t took = std::max<std::int64_t>(1, took_us);
  // In floating point: sizes and times of any magnitude cannot overflow.
  const double ideal = static_cast<double>(current) * static_cast<double>(limits.target_us) / static_cast<double>(took);
  const double bounded = std::clamp(ideal, static_cast<double>(current) / 4.0, static_cast<double>(current) * 2.0);
  if (bounded >= static_cast<double>(limits.largest)) return limits.largest;  // before the cast: it may not fit
  return std::max(static_cast<std::int64_t>(bounded), limits.smallest);
}

}  // namespace headway::core
