// The guard around each statement of a script: locks are hovered for, waits are watched, and a lock that blocks
// reads is not held for longer than headway.max_lock_hold. Both kinds of session have one.
#pragma once

#include <string>

#include "core/statement.hpp"
#include "engine/ports.hpp"
#include "pg/locks/hover.hpp"

namespace headway::server {

class LockGuard {
 public:
  // REQUIRES: an open unit, as DescribeBlockers().
  engine::LockOutcome Hover(const core::Statement& statement, std::int64_t hover_ms);
  // Runs a statement under the watch. `lock_timeout_ms`: how long it may queue, 0 for ever.
  void Run(const core::Statement& statement, bool top_level, std::int64_t lock_timeout_ms);
  std::string DescribeBlockers() const;
  // The unit is over, and with it all its locks.
  void Release();
  // Whether the last unit was stopped because it held a lock for too long: then what to say of it, else empty.
  std::string HeldTooLong() const { return held_too_long_; }

 private:
  void WatchHold(const pg::HoverResult& result);
  void NoteRewrites(const core::Statement& statement, std::int64_t took_ms) const;

  struct Storage {
    Oid relation;
    std::uint64_t file;
  };
  pg::LockNeed missing_;  // what hovering did not get
  std::uint32_t awaited_transaction_ = 0;
  std::vector<Storage> shut_;  // what this statement blocks reads of, and where it is stored
  std::string held_name_;      // the first that the unit blocks reads of
  std::string held_too_long_;
};

}  // namespace headway::server
