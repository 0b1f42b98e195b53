// The rows of a window in the order in which they are to be written: pass after pass, and in each pass as they lie on
// their pages.
#pragma once

#include <cstdint>
#include <vector>

#include "adapters/backfill_definition.hpp"
#include "pg/row_batch.hpp"

namespace headway::server {

// Whether several passes over a window are of any use: the room of an old version is no good to a new one that has
// entries of its own in indexes. REQUIRES: an open unit.
bool Interleaves(const BackfillDefinition& definition, const pg::TableShape& target);

// How large a window must be for its passes to be of use: what one of them has replaced is free for the next one only
// when no snapshot is older, and those of others, of another lane for instance, are always some milliseconds old. So
// it is looked at between the passes whether they have moved on; the larger the window, the longer that takes.
class Turns {
 public:
  // The size of the next window, in those that would do with nobody else around.
  int count() const { return count_; }

  // Before the rows of a pass are written, and behind them. REQUIRES: an open unit.
  void Before(Oid table, int pass);
  void Behind(int pass);
  // No pass of it is to come.
  void EndWindow();

 private:
  int count_ = 1;
  int pass_ = 0;
  std::uint32_t first_ = 0;  // transactions of the pass that goes on
  std::uint32_t last_ = 0;
  bool too_small_ = false;  // of this window
  bool with_room_ = true;
};

class Window {
 public:
  Window() = default;
  // `passes`: of each row, in the order in which it was read.
  Window(pg::ReadRows rows, std::size_t key_columns, std::vector<std::uint8_t> passes);

  bool HasRows() const { return next_ < order_.size(); }
  std::size_t next() const { return next_; }
  // How much of `units` its rows up to the next one are.
  std::int64_t ShareOf(std::int64_t units) const {
    return order_.empty() ? 0 : units * static_cast<std::int64_t>(next_) / static_cast<std::int64_t>(order_.size());
  }
  void GoTo(std::size_t next) { next_ = next; }

  // At most so many of the next rows, all of one pass; `ends_pass`: those behind them are of another one, or none.
  struct Slice {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool ends_pass = false;
    int pass = 0;
  };
  Slice Next(std::int64_t most) const;
  pg::PlacedRows Rows(const Slice& slice) const;

  // Of the row at this position of the order.
  std::vector<std::string> KeyAt(std::size_t position) const;
  pg::Place PlaceAt(std::size_t position) const { return rows_.places[order_[position]]; }

 private:
  pg::ReadRows rows_;
  std::size_t key_columns_ = 0;
  std::vector<std::uint8_t> passes_;
  std::vector<std::uint32_t> order_;
  std::size_t next_ = 0;
};

}  // namespace headway::server
