// Rows a second over the last minute. Pure.
#pragma once

#include <cstdint>
#include <deque>

namespace headway::core {

class RateMeter {
 public:
  void Add(std::int64_t now_ms, std::int64_t rows);
  std::int64_t PerSecond(std::int64_t now_ms) const;

 private:
  struct Slice {
    std::int64_t begin_ms;
    std::int64_t rows;
  };
  std::deque<Slice> slices_;  // a second each
};

}  // namespace headway::core
