#include "adapters/backfill_window.hpp"

#include <algorithm>
#include <numeric>

#include "pg/catalog/storage.hpp"
#include "pg/parse/clause.hpp"
#include "pg/pressure.hpp"

namespace headway::server {

bool Interleaves(const BackfillDefinition& definition, const pg::TableShape& target) {
  return !definition.deletes && pg::MayBeHot(target.oid, pg::AssignedColumns(definition.set_clause));
}

void Turns::Before(Oid table, int pass) {
  if (pass == pass_) return;
  pass_ = pass;
  if (first_ != 0) {
    const bool in_time = pg::IsBehindAllSnapshots(table, first_);
    too_small_ = too_small_ || !in_time;
    with_room_ = with_room_ && in_time && pg::IsBehindAllSnapshots(table, last_);
  }
  first_ = last_ = 0;
}

void Turns::Behind(int pass) {
  last_ = pg::WritingTransaction();
  if (pass == pass_ && first_ == 0) first_ = last_;
}

void Turns::EndWindow() {
  constexpr int kMost = 8;
  if (too_small_) {
    count_ = std::min(kMost, count_ * 2);
  } else if (with_room_) {
    count_ = std::max(1, count_ / 2);
  }
  pass_ = 0;
  first_ = last_ = 0;
  too_small_ = false;
  with_room_ = true;
}

Window::Window(pg::ReadRows rows, std::size_t key_columns, std::vector<std::uint8_t> passes)
    : rows_(std::move(rows)), key_columns_(key_columns), passes_(std::move(passes)) {
  for (std::uint32_t i = 0; i < rows_.places.size(); ++i) {
    if (!rows_.done[i]) order_.push_back(i);
  }
  std::stable_sort(order_.begin(), order_.end(),
                   [&](std::uint32_t left, std::uint32_t right) { return passes_[left] < passes_[right]; });
}

Window::Slice Window::Next(std::int64_t most) const {
  Slice slice;
  slice.begin = slice.end = next_;
  if (!HasRows()) return slice;
  const std::uint8_t pass = passes_[order_[next_]];
  slice.pass = pass;
  const std::size_t last = std::min(order_.size(), next_ + static_cast<std::size_t>(std::max<std::int64_t>(1, most)));
  while (slice.end < last && passes_[order_[slice.end]] == pass) ++slice.end;
  slice.ends_pass = slice.end == order_.size() || passes_[order_[slice.end]] != pass;
  return slice;
}

pg::PlacedRows Window::Rows(const Slice& slice) const {
  std::vector<std::uint32_t> taken(order_.begin() + static_cast<std::ptrdiff_t>(slice.begin),
                                   order_.begin() + static_cast<std::ptrdiff_t>(slice.end));
  std::sort(taken.begin(), taken.end(), [&](std::uint32_t left, std::uint32_t right) {
    const pg::Place& a = rows_.places[left];
    const pg::Place& b = rows_.places[right];
    return a.page != b.page ? a.page < b.page : a.item < b.item;
  });
  pg::PlacedRows rows;
  rows.places.reserve(taken.size());
  rows.keys.reserve(taken.size() * key_columns_);
  for (const std::uint32_t row : taken) {
    rows.places.push_back(rows_.places[row]);
    const auto key = rows_.keys.begin() + static_cast<std::ptrdiff_t>(row * key_columns_);
    rows.keys.insert(rows.keys.end(), key, key + static_cast<std::ptrdiff_t>(key_columns_));
  }
  return rows;
}

std::vector<std::string> Window::KeyAt(std::size_t position) const {
  const auto key = rows_.keys.begin() + static_cast<std::ptrdiff_t>(order_[position] * key_columns_);
  return {key, key + static_cast<std::ptrdiff_t>(key_columns_)};
}

}  // namespace headway::server
