// headway.backfill_skipped: the rows that have failed, of jobs with on_error => 'skip', and in how many calls.
//
// A call tries a row once, and rows that have failed in headway.max_row_tries calls not any more. What is known of a
// row ends when it is done.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace headway::server {

// Those of one table or partition, seen by a call that walks it.
class SkippedRows {
 public:
  // `call`: as BeginCall() has returned it.
  SkippedRows(std::string job, std::string relation, std::int64_t call)
      : job_(std::move(job)), relation_(std::move(relation)), call_(call) {}

  // REQUIRES of both: an open unit.
  // Finds those that this call is not to try.
  void Look();
  // `counts`: else its tries are not counted, as the walk cannot tell the row from others and leave it alone.
  void Note(const std::vector<std::string>& key, const core::ErrorReport& error, bool counts = true) const;

  bool any() const { return !left_alone_.empty(); }
  // Of the key whose first value is there.
  bool Has(std::vector<std::string>::const_iterator key, std::size_t columns) const;

 private:
  std::string job_;
  std::string relation_;
  std::int64_t call_ = 0;
  std::set<std::vector<std::string>> left_alone_;
};

// REQUIRES of all: an open unit.
// Those that a call may try again: for each table or partition their keys, one value after the other.
std::map<std::string, std::vector<std::string>> RowsToTryAgain(const std::string& job);
// When the job is done: what has not failed since it was begun, or begun anew, is done itself, or gone. `none_left`: no
// row matches any more.
void ForgetMendedRows(const std::string& job, bool none_left);

struct SkippedSums {
  std::int64_t to_try = 0;    // by the next call
  std::int64_t given_up = 0;  // have failed so often that no call tries them any more
};
SkippedSums SumSkipped(const std::string& job);

}  // namespace headway::server
