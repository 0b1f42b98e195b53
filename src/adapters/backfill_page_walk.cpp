// A walk in storage order, for rows that no longer match once they are done: whatever is met again is left alone.
//
// A window of pages is read, and its rows written pass after pass. Rows that have moved on or are locked by others are
// left to the next sweep over the table.
#include <algorithm>

#include "adapters/backfill_key.hpp"
#include "adapters/backfill_walk.hpp"
#include "core/format.hpp"
#include "core/interleave.hpp"
#include "core/sqlstate.hpp"
#include "pg/row_batch.hpp"

namespace headway::server {

namespace {

using core::Error;
using core::Format;

constexpr std::int64_t kFirstPages = 64;
constexpr std::int64_t kMostPages = 8'192;
constexpr std::int64_t kMostRows = 200'000;
// A window is visited so often that it is worth while to have its pages in the processor's cache.
constexpr std::int64_t kRowsInCache = 25'000;

std::string PlaceText(const pg::Place& place) { return Format("(%1%,%2%)", place.page, place.item); }

class PageWalk : public WindowWalk {
 public:
  PageWalk(const BackfillDefinition& definition, const pg::TableShape& target, BackfillRange range,
           std::unique_ptr<RangeLock> lock, SkippedRows skipped_rows, Turns& turns)
      : WindowWalk(definition.name, std::move(range), std::move(lock), std::move(skipped_rows), turns),
        target_(target),
        sql_(definition, target_, true),
        deletes_(definition.deletes),
        interleaves_(Interleaves(definition, target_)),
        leaves_some_alone_(skipped_rows_.any() && !target_.key.empty()),
        read_("SELECT " + sql_.place() + ", true, false" + (leaves_some_alone_ ? ", " + sql_.KeyList("") : "") +
                  " FROM " + sql_.target() + "\nWHERE " + sql_.place() +
                  " OPERATOR(pg_catalog.>=) CAST($1 AS pg_catalog.tid) AND " + sql_.place() +
                  " OPERATOR(pg_catalog.<) CAST($2 AS pg_catalog.tid)" + sql_.condition() + " LIMIT $3",
              leaves_some_alone_ ? target_.key.size() : 0, pg::Access::kPlaces),
        write_(sql_.ChangeReturning(sql_.place() + " OPERATOR(pg_catalog.=) ANY ($1)", ""), 0, pg::Access::kPlaces),
        lock_("SELECT false, " + sql_.place() + " FROM " + sql_.target() + "\nWHERE " + sql_.place() +
                  " OPERATOR(pg_catalog.=) ANY ($1)" + sql_.condition() +
                  (deletes_ ? " FOR UPDATE SKIP LOCKED" : " FOR NO KEY UPDATE SKIP LOCKED"),
              1, pg::Access::kPlaces) {}

  Found Read(std::int64_t batch_rows) override;
  engine::Step Take(std::int64_t most, engine::Care care) override;
  std::string DescribeNext() override;
  void PassOver(const core::ErrorReport& error) override;

 private:
  std::int64_t Page(const Position& position) const { return std::stoll(position.at(0)); }
  void MakeWindow(pg::ReadRows rows);
  void ChooseNextPages(std::int64_t pages, std::size_t rows, std::int64_t batch_rows);
  pg::PlacedRows OnlyFree(const pg::PlacedRows& rows);
  void GoBehind(const Window::Slice& slice);
  Position KeyOfNext();

  const pg::TableShape target_;
  const WalkSql sql_;
  const bool deletes_;
  const bool interleaves_;
  const bool leaves_some_alone_;  // told by their keys
  pg::RowQuery read_;
  pg::RowQuery write_;
  pg::RowQuery lock_;

  std::int64_t pages_ = kFirstPages;  // of the next window
  std::int64_t settle_first_ = 0, settle_end_ = 0;
};

engine::RangeWalk::Found PageWalk::Read(std::int64_t batch_rows) {
  if (settle_end_ > 0) {
    pg::SettlePages(target_.oid, static_cast<std::uint32_t>(settle_first_), static_cast<std::uint32_t>(settle_end_));
    settle_end_ = 0;
  }
  const std::int64_t from = Page(range_.position);
  const std::int64_t bound = Page(range_.bound);
  if (from >= bound) return Found::kEnd;
  std::int64_t end = range_.window_end.empty() ? std::min(bound, from + pages_) : Page(range_.window_end);
  pg::ReadRows rows = read_.Read({Format("(%1%,0)", from), Format("(%1%,0)", end)}, kMostRows);
  if (rows.seen == kMostRows) {
    // The last page that it has come to may not be complete.
    const std::uint32_t last = rows.places.back().page;
    if (last > rows.places.front().page) {
      end = last;
      while (rows.places.back().page == last) {
        rows.places.pop_back();
        rows.done.pop_back();
      }
      rows.keys.resize(rows.places.size() * (leaves_some_alone_ ? target_.key.size() : 0));
    }
  }
  CountFrom(!range_.window_end.empty(), end - from);
  range_.window_end = {std::to_string(end)};
  ChooseNextPages(end - from, rows.places.size(), batch_rows);
  MakeWindow(std::move(rows));
  if (range_.passes > 1) {
    settle_first_ = from;
    settle_end_ = end;
  }
  if (window_.HasRows()) return Found::kRows;
  GoBehind({});
  return Found::kNone;
}

// So many that each pass has about the rows of a batch; twice as many at a time where nothing is found.
void PageWalk::ChooseNextPages(std::int64_t pages, std::size_t rows, std::int64_t batch_rows) {
  std::int64_t next = pages * 2;
  if (rows > 0) {
    const std::int64_t wanted = std::min(
        {kMostRows / 2, turns_.count() * kRowsInCache, turns_.count() * batch_rows * std::max(4, range_.passes)});
    next = std::min(next, std::max<std::int64_t>(1, wanted * pages / static_cast<std::int64_t>(rows)));
  }
  pages_ = std::clamp<std::int64_t>(next, 16, kMostPages);
}

void PageWalk::MakeWindow(pg::ReadRows rows) {
  const std::size_t count = rows.places.size();
  range_.passes = 1;
  if (interleaves_ && count > 0) {
    const pg::PageSample sample = pg::SamplePages(target_.oid, rows.places);
    const auto pages = static_cast<double>(std::max<std::int64_t>(1, sample.pages));
    range_.passes = core::PassesFor({static_cast<double>(count) / pages, sample.row_bytes, sample.free_bytes});
  }
  std::vector<std::uint8_t> passes(count, 0);
  for (std::size_t begin = 0; begin < count && range_.passes > 1;) {
    std::size_t end = begin;
    while (end < count && rows.places[end].page == rows.places[begin].page) ++end;
    for (std::size_t i = begin; i < end; ++i) {
      passes[i] = static_cast<std::uint8_t>(core::PassOfPlace(static_cast<std::int64_t>(i - begin),
                                                              static_cast<std::int64_t>(end - begin), range_.passes));
    }
    begin = end;
  }
  if (leaves_some_alone_) {
    const std::size_t columns = target_.key.size();
    for (std::size_t i = 0; i < count; ++i) {
      const auto key = rows.keys.begin() + static_cast<std::ptrdiff_t>(i * columns);
      if (skipped_rows_.Has(key, columns)) rows.done[i] = true;
    }
    rows.keys.clear();
  }
  Open(Window(std::move(rows), 0, std::move(passes)));
}

engine::Step PageWalk::Take(std::int64_t most, engine::Care care) {
  const Window::Slice slice = window_.Next(most);
  engine::Step step;
  step.rows = static_cast<std::int64_t>(slice.end - slice.begin);
  step.ends_pass = slice.ends_pass;
  pg::PlacedRows rows = window_.Rows(slice);
  if (range_.passes > 1) turns_.Before(target_.oid, slice.pass);
  if (!deletes_) pg::PrunePages(target_.oid, rows.places);
  if (care == engine::Care::kSkipLocked) rows = OnlyFree(rows);
  const std::optional<std::int64_t> hot_before = pg::CountHotUpdates(target_.oid);
  if (!rows.places.empty()) {
    const pg::WrittenRows written = write_.Write(rows);
    if (written.still > 0) {
      throw Error(core::sqlstate::kBackfillNotExact,
                  Format("%1% of %2% updated rows of %3% still match the where_clause", written.still, written.written,
                         target_.qualified_name),
                  "A walk in storage order meets rows again unless they no longer match once they are done. These have "
                  "been undone.",
                  "Change the where_clause so that it excludes rows that are done, or use strategy => 'key'.");
    }
    step.updated = written.written;
    // Some may have moved on; then they are met where they are now. In a sweep that changes none, they are left.
    counts_.unchanged += static_cast<std::int64_t>(rows.places.size()) - written.written;
  }
  turns_.Behind(slice.pass);
  const std::optional<std::int64_t> hot = pg::CountHotUpdates(target_.oid);
  if (!deletes_ && hot) {
    counts_.moved += std::max<std::int64_t>(0, step.updated - (*hot - hot_before.value_or(0)));
  }
  GoBehind(slice);
  return step;
}

// Those that no other transaction has locked; the others are the next sweep's.
pg::PlacedRows PageWalk::OnlyFree(const pg::PlacedRows& rows) {
  pg::PlacedRows named = rows;
  for (const pg::Place& place : rows.places) named.keys.push_back(PlaceText(place));
  const pg::WrittenRows locked = lock_.Write(named);
  pg::PlacedRows free;
  for (std::size_t i = 0; i < rows.places.size(); ++i) {
    if (locked.reached[i]) {
      free.places.push_back(rows.places[i]);
    } else {
      ++counts_.locked;
    }
  }
  return free;
}

void PageWalk::GoBehind(const Window::Slice& slice) {
  const bool any = slice.end > slice.begin;
  LeaveBehind(slice, any ? Position{PlaceText(window_.PlaceAt(slice.end - 1))} : Position(),
              Page(range_.window_end) - Page(range_.position));
}

// Empty: it has none, or has moved on.
Position PageWalk::KeyOfNext() {
  if (target_.key.empty()) return {};
  pg::CanonicalOutput canonical;
  const pg::QueryResult found = pg::RunQuery("SELECT " + sql_.KeyList("") + " FROM " + sql_.target() + " WHERE " +
                                                 sql_.place() + " OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.tid)",
                                             "t", {PlaceText(window_.PlaceAt(window_.next()))});
  canonical.Close();
  Position key;
  for (const pg::Row& row : found.rows) {
    for (const pg::Field& field : row) key.push_back(field.value_or("NULL"));
  }
  return key;
}

std::string PageWalk::DescribeNext() {
  const Position key = KeyOfNext();
  if (key.empty()) return "ctid = " + PlaceText(window_.PlaceAt(window_.next()));
  return DescribeKeyValues(target_, key);
}

void PageWalk::PassOver(const core::ErrorReport& error) {
  const Position key = KeyOfNext();
  if (key.empty()) {
    skipped_rows_.Note({PlaceText(window_.PlaceAt(window_.next()))}, error, false);
  } else {
    skipped_rows_.Note(key, error);
  }
  ++counts_.failed;
  GoBehind(window_.Next(1));
}

}  // namespace

std::unique_ptr<engine::RangeWalk> MakePageWalk(const BackfillDefinition& definition, const pg::TableShape& target,
                                                BackfillRange range, std::unique_ptr<RangeLock> lock,
                                                SkippedRows skipped_rows, Turns& turns) {
  return std::make_unique<PageWalk>(definition, target, std::move(range), std::move(lock), std::move(skipped_rows),
                                    turns);
}

}  // namespace headway::server
