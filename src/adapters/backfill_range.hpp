// A range of a backfill and its row in headway.backfill_range.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/backfiller.hpp"
#include "pg/process/runner_lock.hpp"

namespace headway::server {

using Position = std::vector<std::string>;

struct BackfillRange {
  int number = 0;
  std::uint32_t table = 0;       // its oid: its name may change
  std::string relation;          // its name when the range was made
  std::string strategy;          // key, ctid, through
  std::vector<std::string> key;  // that the positions are of, as pg::DescribeKey() has it; empty: ctid
  Position low;
  Position bound;
  Position position;
  Position window_end;
  int passes = 1;
  int pass = 0;
  Position pass_position;
  std::vector<std::string> skipped;
  std::int64_t units = 0;
  std::int64_t walked = 0;
  std::int64_t window_walked = 0;  // of the window that goes on, for those who watch
};

// REQUIRES of all: an open unit.
void InsertRange(const std::string& job, const BackfillRange& range);
// The numbers of those that are not done.
std::vector<int> OpenRanges(const std::string& job);
// Nothing: it is done meanwhile. 55000: what is in its row cannot be.
std::optional<BackfillRange> LoadRange(const std::string& job, int number);

// Whoever walks a range holds this until it is destroyed, or the process ends.
class RangeLock : public pg::JobLock {
 public:
  RangeLock(const std::string& job, int number);
};

// Rows of what is about to be committed.
struct RangeCounts {
  std::int64_t locked = 0;
  std::int64_t failed = 0;
  std::int64_t still = 0;
  std::int64_t moved = 0;
  std::int64_t unchanged =
      0;  // they match, nobody holds them, and the statement did not change them: a trigger's doing
  std::int64_t wal_bytes = 0;  // not of rows: of all that was written for them
};

// Writes where the range stands. Fails when it stands elsewhere than at `before`: somebody else walks it.
void SaveRange(const std::string& job, const BackfillRange& before, const BackfillRange& after,
               const engine::BatchFacts& facts, const RangeCounts& counts);
// This process walks it from now on.
void ClaimRange(const std::string& job, int number);
void FinishRange(const std::string& job, int number, std::int64_t longest_ms);
// What the lane that walks it waits for; empty: nothing any more.
void NoteRangeWait(const std::string& job, int number, const std::string& what, const std::string& detail);

}  // namespace headway::server
