// How far behind a standby is, in time, worked out from what was flushed here when. Pure.
//
// The server's own measure (replay_lag) stands still when a standby's replay does: it is taken when the standby's
// position passes a sample. Here the time of each look at our own position is kept, and a standby is as far behind as
// the newest position that it has is old. It is as exact as the looks are frequent, and at most too large: what was
// flushed between two looks counts from the earlier one. What was before the first look is not known: a standby that is
// still there is behind since then at least.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace headway::core {

class FlushHistory {
 public:
  // Our position now. Positions do not go back; looks in quick succession are one.
  void Add(std::int64_t now_ms, std::uint64_t position);

  // How long ago the newest of our positions was that the standby has; 0 when it has all. `measured_ms` is what the
  // server has measured itself, if it has: a standby that lacks something is behind by that much at least.
  // REQUIRES: Add() was called.
  std::int64_t LagOf(std::uint64_t applied, std::int64_t now_ms, std::optional<std::int64_t> measured_ms = {}) const;

  std::size_t size() const { return samples_.size(); }

 private:
  struct Sample {
    std::int64_t ms = 0;  // when this was our position last
    std::uint64_t position = 0;
  };

  void Thin(std::int64_t now_ms);

  std::int64_t begun_ms_ = 0;
  std::vector<Sample> samples_;  // both rise
};

}  // namespace headway::core
