// Rows by their places: read with a query, written with a statement over the places, and the pages that they are on.
//
// REQUIRES of all: a transaction. Runs with the privileges of the current user.
#pragma once

#include <optional>

#include "pg/spi.hpp"
#include "pg/types.hpp"

namespace headway::pg {

// The place of a row version: a page and an item on it.
struct Place {
  std::uint32_t page = 0;
  std::uint16_t item = 0;
};

struct ReadRows {
  std::int64_t seen = 0;          // rows that the query returned
  std::vector<Place> places;      // of those that match, in the order of the query
  std::vector<bool> done;         // for each place, what the query says of it
  std::vector<std::string> keys;  // for each place as many as there are key columns
  std::vector<std::string> last;  // the key of the last row, matching or not
};

// Places to write, in the order in which a scan over places meets them, and what key each row has to have.
struct PlacedRows {
  std::vector<Place> places;
  std::vector<std::string> keys;  // as in ReadRows; empty without a key
};

struct WrittenRows {
  std::int64_t written = 0;
  std::int64_t still = 0;     // of those, how many still match
  std::vector<bool> reached;  // for each place
  // A row was written that is not the one that was meant: its place has been given to another one since it was read.
  // What was written must be rolled back.
  bool strange = false;
};

// How the rows of a query are to be found, for the planner.
enum class Access { kPlaces, kKeyOrder };

// A query whose plan is made once and without looking at parameters. The planner's settings for that are ours, since
// its estimates mean nothing here; whatever functions and triggers run inside has the session's own.
class RowQuery {
 public:
  RowQuery(std::string sql, std::size_t key_columns, Access access)
      : sql_(std::move(sql)), key_columns_(key_columns), access_(access) {}
  RowQuery(const RowQuery&) = delete;
  RowQuery& operator=(const RowQuery&) = delete;
  ~RowQuery();

  // Parameters: texts, and an integer behind them. The columns of the result: the place, whether the row matches,
  // whether it is done, the key.
  ReadRows Read(const std::vector<std::string>& texts, std::int64_t limit);
  // $1: the places. The columns of the result: whether the row still matches, the key.
  WrittenRows Write(const PlacedRows& rows);

  const std::string& sql() const { return sql_; }

 private:
  void Prepare(const Oid* types, int count);

  std::string sql_;
  std::size_t key_columns_;
  Access access_;
  SPIPlanPtr plan_ = nullptr;
};

// Keys are kept as text and may be read by a session with other settings: dates in ISO, floats exact. After an error
// the settings are undone with the transaction.
class CanonicalOutput {
 public:
  CanonicalOutput();
  CanonicalOutput(const CanonicalOutput&) = delete;
  CanonicalOutput& operator=(const CanonicalOutput&) = delete;
  void Close();

 private:
  int level_;
};

// Takes away the versions that nobody needs any more on the pages of these places, as an index scan would in passing.
void PrunePages(Oid relation, const std::vector<Place>& places);
// The same for pages [first, end); what room they have then is made known to whoever looks for some.
void SettlePages(Oid relation, std::uint32_t first, std::uint32_t end);

// What the pages of these places look like: some of them are looked at.
struct PageSample {
  std::int64_t pages = 0;  // different ones, of all places
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  double row_bytes = 0;
  double free_bytes = 0;
};
PageSample SamplePages(Oid relation, const std::vector<Place>& places);

// How many rows of the table this session has updated so that they stayed on their page without a new entry in any
// index, as far as that has not been reported yet: a difference of two looks in one transaction counts. Nothing: it is
// not counted (track_counts is off).
std::optional<std::int64_t> CountHotUpdates(Oid relation);

}  // namespace headway::pg
