#include "core/rate_meter.hpp"

#include <algorithm>

namespace headway::core {

namespace {

constexpr std::int64_t kSliceMs = 1'000;
constexpr std::int64_t kSpanMs = 60'000;

}  // namespace

void RateMeter::Add(std::int64_t now_ms, std::int64_t rows) {
  if (slices_.empty() || now_ms - slices_.back().begin_ms >= kSliceMs) slices_.push_back({now_ms, 0});
  slices_.back().rows += rows;
  while (now_ms - slices_.front().begin_ms > kSpanMs) slices_.pop_front();
}

std::int64_t RateMeter::PerSecond(std::int64_t now_ms) const {
  std::int64_t rows = 0;
  std::int64_t since = now_ms;
  for (const Slice& slice : slices_) {
    if (now_ms - slice.begin_ms > kSpanMs) continue;
    rows += slice.rows;
    since = std::min(since, slice.begin_ms);
  }
  // What has been counted in less than a second says little: as if it had taken one.
  return rows * 1'000 / std::max(kSliceMs, now_ms - since);
}

}  // namespace headway::core
