#include "core/slowdown.hpp"

#include <algorithm>

namespace headway::core {

namespace {

constexpr std::int64_t kShortestMs = 10;
constexpr std::int64_t kLongestMs = 2'000;
constexpr double kRoom = 0.5;  // of the limit: below it there is room

}  // namespace

std::int64_t Slowdown::Look(std::int64_t now_ms, double pressure) {
  if (pressure > 1) {
    if (!over_) pause_ms_ = std::clamp(pause_ms_ * 2, kShortestMs * 2, kLongestMs);
    over_ = true;
    until_ms_ = 0;
    return 0;
  }
  over_ = false;
  if (until_ms_ != 0) {
    if (now_ms < until_ms_) return until_ms_ - now_ms;
    until_ms_ = 0;
    return 0;
  }
  if (pressure > kRoom) {
    pause_ms_ = std::clamp(pause_ms_ * 5 / 4, kShortestMs, kLongestMs);
  } else {
    pause_ms_ = pause_ms_ * 3 / 4;
    if (pause_ms_ < kShortestMs) pause_ms_ = 0;
  }
  if (pause_ms_ > 0) until_ms_ = now_ms + pause_ms_;
  return pause_ms_;
}

}  // namespace headway::core
