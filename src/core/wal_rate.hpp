// How fast the server may write WAL while a job works, and the pauses that keep it there. Pure.
//
// What counts is the WAL of the whole server, since that is what its disks, archive and standbys have to carry. Whoever
// works looks at the position before and after: what was written is a debt that the passing time pays off at the rate.
// Up to a second's worth may be written ahead. The debt is bounded, so that a pause is never long because of what
// others wrote meanwhile: an index build elsewhere is over when it is over. Each process has a throttle of its own and
// they all see the same WAL, so they keep the rate together.
#pragma once

#include <cstdint>
#include <string>

namespace headway::core {

// Bytes a second, of '20MB/s', '512 kB', '1.5GB/min': a number, a unit from B to TB, and /s, which may be left out, or
// /min. Throws 22023 when it is something else, or nothing.
std::int64_t ParseWalRate(const std::string& text);

class WalThrottle {
 public:
  explicit WalThrottle(std::int64_t bytes_per_second) : rate_(bytes_per_second < 1 ? 1 : bytes_per_second) {}

  // Takes note of where the WAL is, and returns how long to pause from now on; 0: not at all. The first look only
  // takes note.
  std::int64_t Look(std::int64_t now_ms, std::uint64_t position);

  // Bytes a second of the last few seconds, as far as it has looked.
  std::int64_t MeasuredRate() const;
  std::int64_t rate() const { return rate_; }

 private:
  struct Sample {
    std::int64_t ms = 0;
    std::uint64_t position = 0;
  };

  void Measure(const Sample& now);

  std::int64_t rate_;
  bool looked_ = false;
  double debt_ = 0;  // bytes; below 0: what may be written ahead
  Sample last_;
  Sample window_begin_;  // of what is measured: from between one and two windows ago
  Sample next_begin_;
};

}  // namespace headway::core
