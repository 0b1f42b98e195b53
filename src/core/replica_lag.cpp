#include "core/replica_lag.hpp"

#include <algorithm>

namespace headway::core {

namespace {

constexpr std::int64_t kEveryMs = 100;
// 32 kB. When it is full, samples go that nobody misses: of a lag of an hour half a minute does not matter. A hundredth
// of the age between two of them is some 700 samples for an hour and 1,300 for a month.
constexpr std::size_t kMost = 2048;
constexpr std::int64_t kPartOfAge = 100;

}  // namespace

void FlushHistory::Add(std::int64_t now_ms, std::uint64_t position) {
  // A clock that was set back: what was noted by the old one says nothing now.
  if (!samples_.empty() && now_ms < samples_.back().ms) samples_.clear();
  if (samples_.empty()) {
    begun_ms_ = now_ms;
    samples_.push_back({now_ms, position});
    return;
  }
  Sample& last = samples_.back();
  if (position <= last.position) {
    last.ms = now_ms;
    return;
  }
  if (samples_.size() > 1 && now_ms - samples_[samples_.size() - 2].ms < kEveryMs) {
    last = {now_ms, position};
    return;
  }
  if (samples_.size() >= kMost) Thin(now_ms);
  samples_.push_back({now_ms, position});
}

void FlushHistory::Thin(std::int64_t now_ms) {
  std::size_t kept = 1;
  for (std::size_t i = 1; i < samples_.size(); ++i) {
    const bool last = i + 1 == samples_.size();
    const std::int64_t gap = last ? 0 : samples_[i + 1].ms - samples_[kept - 1].ms;
    if (last || gap > std::max(kEveryMs, (now_ms - samples_[i].ms) / kPartOfAge)) samples_[kept++] = samples_[i];
  }
  samples_.resize(kept);
  if (kept < kMost) return;
  for (kept = 1; 2 * kept < samples_.size(); ++kept) samples_[kept] = samples_[2 * kept];
  samples_.resize(kept);
}

std::int64_t FlushHistory::LagOf(std::uint64_t applied, std::int64_t now_ms,
                                 std::optional<std::int64_t> measured_ms) const {
  if (samples_.empty() || applied >= samples_.back().position) return 0;
  const auto after =
      std::upper_bound(samples_.begin(), samples_.end(), applied,
                       [](std::uint64_t value, const Sample& sample) { return value < sample.position; });
  const std::int64_t since = after == samples_.begin() ? begun_ms_ : (after - 1)->ms;
  return std::max({std::int64_t{0}, now_ms - since, measured_ms.value_or(0)});
}

}  // namespace headway::core
