// How many rows the next step of a batch should have, from how long the last one took. Pure.
//
// A step must be long enough to be worth its statement and short enough that nobody who waits for one of its rows
// notices. Its size moves towards the target time, at most doubling and at most quartering at a time, so that one
// slow moment (a checkpoint) does not throw it off.
#pragma once

#include <cstdint>

namespace headway::core {

struct BatchLimits {
  std::int64_t smallest = 1;
  std::int64_t largest = 5'000;
  std::int64_t target_us = 4'000;
};

std::int64_t NextBatchSize(std::int64_t current, std::int64_t took_us, const BatchLimits& limits);

}  // namespace headway::core
