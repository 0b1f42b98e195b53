// How a backfill gives way to something that it must not drive over a limit: its pauses grow as it comes near the limit
// and each time that it is over it, and shrink again when there is room. Pure.
#pragma once

#include <cstdint>

namespace headway::core {

class Slowdown {
 public:
  // Between two batches. `pressure`: how much of the limit is used, above 1 it is over. Returns how many milliseconds
  // it is to wait still; 0: the next batch may begin, and what follows is the look behind that one. Over the limit it
  // is not asked: whoever is over waits until they are not.
  std::int64_t Look(std::int64_t now_ms, double pressure);

  std::int64_t pause_ms() const { return pause_ms_; }

 private:
  std::int64_t pause_ms_ = 0;
  std::int64_t until_ms_ = 0;  // of the pause that goes on; 0: none does
  bool over_ = false;
};

}  // namespace headway::core
