// How large the next batch should be, from how long the last one took. Pure.
//
// A batch must be long enough to be worth its commit and short enough that nobody who waits for one of its rows
// notices. Its size moves towards the target time, at most doubling and at most quartering at a time, so that one
// slow moment (a checkpoint) does not throw it off.
#pragma once

#include <cstdint>

namespace headway::core {

struct BatchLimits {
  std::int64_t smallest = 100;
  std::int64_t largest = 10'000;
  std::int64_t target_ms = 100;
};

std::int64_t NextBatchSize(std::int64_t current, std::int64_t took_ms, const BatchLimits& limits);

}  // namespace headway::core
