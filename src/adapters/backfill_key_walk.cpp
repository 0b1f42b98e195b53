// A walk by key: what is done is told by the keys up to which it is done, so it is exact whatever the clauses say.
//
// A window of rows is read in the order of the key, without locking any. It is written pass after pass, each row at the
// place where it was read. A row that is no longer there is written by its key.
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

constexpr std::int64_t kSmallestWindow = 500;
constexpr std::int64_t kLargestWindow = 100'000;
constexpr std::int64_t kAllOfIt = 1'000'000'000;
constexpr std::size_t kMostSkipped = 10'000;
// The pages of a window are taken for neighbours when they are at least every so-manieth one between its ends.
constexpr std::int64_t kDense = 4;

class KeyWalk : public WindowWalk {
 public:
  KeyWalk(const BackfillDefinition& definition, const pg::TableShape& target, BackfillRange range,
          std::unique_ptr<RangeLock> lock, SkippedRows skipped_rows, Turns& turns)
      : WindowWalk(definition.name, std::move(range), std::move(lock), std::move(skipped_rows), turns),
        definition_(definition),
        target_(target),
        sql_(definition, target_, true),
        deletes_(definition.deletes),
        interleaves_(Interleaves(definition, target_)),
        columns_(target_.key.size()),
        write_(sql_.ChangeReturning(sql_.place() + " OPERATOR(pg_catalog.=) ANY ($1)", sql_.KeyList("")), columns_,
               pg::Access::kPlaces),
        write_one_(sql_.ChangeReturning(sql_.Equals(1), "(" + sql_.Equals(1) + ")"), std::string(columns_, 't')),
        lock_places_(LockSql("false, " + sql_.KeyList(""), sql_.place() + " OPERATOR(pg_catalog.=) ANY ($1)"), columns_,
                     pg::Access::kPlaces),
        lock_one_(LockSql("1", sql_.Equals(1)), std::string(columns_, 't')),
        find_one_("SELECT 1 FROM " + sql_.target() + "\nWHERE " + sql_.Equals(1) + sql_.condition(),
                  std::string(columns_, 't')) {}

  Found Read(std::int64_t batch_rows) override;
  engine::Step Take(std::int64_t most, engine::Care care) override;
  std::string DescribeNext() override { return DescribeKeyValues(target_, window_.KeyAt(window_.next())); }
  void PassOver(const core::ErrorReport& error) override;
  bool HasSkipped() const override { return !range_.skipped.empty(); }
  engine::Step TakeSkipped() override;
  std::string DescribeSkipped() override { return DescribeKeyValues(target_, FirstSkipped()); }
  void PassOverSkipped(const core::ErrorReport& error) override;

 private:
  std::string LockSql(const std::string& columns, const std::string& where) const;
  pg::ReadRows ReadRows(std::int64_t limit);
  void MakeWindow(pg::ReadRows rows);
  void Settle();
  std::int64_t WriteSlice(const Window::Slice& slice, engine::Care care);
  std::int64_t WriteRows(const pg::PlacedRows& rows, std::vector<std::size_t>& missed);
  pg::WrittenRows WritePlaces(const pg::PlacedRows& rows);
  [[noreturn]] void GoByKey();
  std::int64_t WriteByKey(const Position& key);
  bool OthersHold(const Position& key);
  void GoBehind(const Window::Slice& slice);
  Position FirstSkipped() const;
  void ForgetFirstSkipped();

  Position KeyOf(const pg::PlacedRows& rows, std::size_t row) const {
    const auto key = rows.keys.begin() + static_cast<std::ptrdiff_t>(row * columns_);
    return {key, key + static_cast<std::ptrdiff_t>(columns_)};
  }

  const BackfillDefinition& definition_;
  const pg::TableShape target_;
  const WalkSql sql_;
  const bool deletes_;
  const bool interleaves_;
  const std::size_t columns_;
  std::unique_ptr<pg::RowQuery> read_first_, read_next_;
  pg::RowQuery write_;
  pg::OwnedQuery write_one_;
  pg::RowQuery lock_places_;
  pg::OwnedQuery lock_one_;
  pg::OwnedQuery find_one_;

  std::int64_t window_seen_ = 0;
  bool by_key_only_ = false;  // in this window: places have been given to other rows since they were read
  std::uint32_t settle_first_ = 0, settle_end_ = 0;
  int last_passes_ = 8;
};

std::vector<pg::Param> ParamsOf(const Position& key) {
  std::vector<pg::Param> params;
  for (const std::string& value : key) params.emplace_back(value);
  return params;
}

void Append(std::vector<std::string>& texts, const Position& key) { texts.insert(texts.end(), key.begin(), key.end()); }

std::string KeyWalk::LockSql(const std::string& columns, const std::string& where) const {
  return "SELECT " + columns + " FROM " + sql_.target() + "\nWHERE " + where + sql_.condition() +
         (deletes_ ? " FOR UPDATE SKIP LOCKED" : " FOR NO KEY UPDATE SKIP LOCKED");
}

// The rows behind the position, up to the end of the window if one goes on, else of the range.
pg::ReadRows KeyWalk::ReadRows(std::int64_t limit) {
  const bool resumes = !range_.window_end.empty();
  const bool has_done = resumes && !range_.pass_position.empty();
  const bool behind = !range_.position.empty();
  const auto make = [&] {
    return "SELECT " + sql_.place() + ", " + sql_.matches() + ", " +
           (has_done ? sql_.Compare(false, 1 + (behind ? 2 : 1) * columns_) : std::string("false")) + ", " +
           sql_.KeyList("") + " FROM " + sql_.target() + " WHERE " + sql_.Compare(false, 1) +
           (behind ? " AND " + sql_.Compare(true, 1 + columns_) : "") + " ORDER BY " + sql_.KeyList("") +
           Format(" LIMIT $%1%", 1 + (1 + (behind ? 1 : 0) + (has_done ? 1 : 0)) * columns_);
  };
  std::vector<std::string> texts = resumes ? range_.window_end : range_.bound;
  if (behind) Append(texts, range_.position);
  if (has_done) {
    Append(texts, range_.pass_position);
    return pg::RowQuery(make(), columns_, pg::Access::kKeyOrder).Read(texts, limit);
  }
  std::unique_ptr<pg::RowQuery>& query = behind ? read_next_ : read_first_;
  if (!query) query = std::make_unique<pg::RowQuery>(make(), columns_, pg::Access::kKeyOrder);
  return query->Read(texts, limit);
}

engine::RangeWalk::Found KeyWalk::Read(std::int64_t batch_rows) {
  Settle();
  if (range_.bound.empty() || range_.position == range_.bound) return Found::kEnd;
  const bool resumes = !range_.window_end.empty();
  const std::int64_t wanted = std::clamp(batch_rows * last_passes_ * turns_.count(), kSmallestWindow, kLargestWindow);
  pg::ReadRows rows = ReadRows(resumes ? kAllOfIt : wanted);
  RequireKey(definition_, range_);
  window_seen_ = rows.seen;
  CountFrom(resumes, window_seen_);
  if (!resumes) range_.window_end = rows.seen < wanted ? range_.bound : rows.last;
  MakeWindow(std::move(rows));
  if (window_.HasRows()) return Found::kRows;
  GoBehind({});
  return Found::kNone;
}

void KeyWalk::MakeWindow(pg::ReadRows rows) {
  by_key_only_ = false;
  const std::size_t count = rows.places.size();
  const bool resumes = !range_.pass_position.empty();
  if (!resumes) {
    range_.passes = 1;
    if (interleaves_ && count > 0) {
      const pg::PageSample sample = pg::SamplePages(target_.oid, rows.places);
      const auto pages = static_cast<double>(std::max<std::int64_t>(1, sample.pages));
      range_.passes = core::PassesFor({static_cast<double>(count) / pages, sample.row_bytes, sample.free_bytes});
      const bool dense = static_cast<std::int64_t>(sample.last) - sample.first < kDense * sample.pages;
      settle_first_ = dense && range_.passes > 1 ? sample.first : 0;
      settle_end_ = dense && range_.passes > 1 ? sample.last + 1 : 0;
    }
    last_passes_ = range_.passes;
  }
  std::vector<std::uint8_t> passes(count, 0);
  std::string key;
  for (std::size_t i = 0; i < count; ++i) {
    key.clear();
    for (std::size_t column = 0; column < columns_; ++column) {
      if (column > 0) key += '\n';
      key += rows.keys[i * columns_ + column];
    }
    const int pass = core::PassOfKey(key, range_.passes);
    passes[i] = static_cast<std::uint8_t>(pass);
    if (resumes) rows.done[i] = pass < range_.pass || (pass == range_.pass && rows.done[i]);
    if (skipped_rows_.Has(rows.keys.begin() + static_cast<std::ptrdiff_t>(i * columns_), columns_)) rows.done[i] = true;
  }
  Open(Window(std::move(rows), columns_, std::move(passes)));
}

// The room that the last pass over a window has left is taken stock of once it is committed.
void KeyWalk::Settle() {
  if (settle_end_ > 0 && !window_.HasRows()) pg::SettlePages(target_.oid, settle_first_, settle_end_);
  settle_end_ = 0;
}

engine::Step KeyWalk::Take(std::int64_t most, engine::Care care) {
  const Window::Slice slice = window_.Next(most);
  engine::Step step;
  step.rows = static_cast<std::int64_t>(slice.end - slice.begin);
  step.ends_pass = slice.ends_pass;
  const std::optional<std::int64_t> hot_before = pg::CountHotUpdates(target_.oid);
  if (range_.passes > 1) turns_.Before(target_.oid, slice.pass);
  step.updated = WriteSlice(slice, care);
  turns_.Behind(slice.pass);
  const std::optional<std::int64_t> hot = pg::CountHotUpdates(target_.oid);
  if (!deletes_ && hot) {
    counts_.moved += std::max<std::int64_t>(0, step.updated - (*hot - hot_before.value_or(0)));
  }
  GoBehind(slice);
  return step;
}

std::int64_t KeyWalk::WriteSlice(const Window::Slice& slice, engine::Care care) {
  const pg::PlacedRows all = window_.Rows(slice);
  const bool skips = care == engine::Care::kSkipLocked;
  std::vector<std::size_t> missed;
  std::int64_t updated = 0;
  if (by_key_only_) {
    for (std::size_t row = 0; row < all.places.size(); ++row) missed.push_back(row);
  } else {
    if (!deletes_) pg::PrunePages(target_.oid, all.places);
    if (!skips) {
      updated = WriteRows(all, missed);
    } else {
      const pg::WrittenRows locked = lock_places_.Write(all);
      pg::PlacedRows ours;
      for (std::size_t row = 0; row < all.places.size(); ++row) {
        if (locked.strange || !locked.reached[row]) {
          missed.push_back(row);
          continue;
        }
        ours.places.push_back(all.places[row]);
        Append(ours.keys, KeyOf(all, row));
      }
      std::vector<std::size_t> unchanged;  // nobody else can have taken them since
      if (!ours.places.empty()) updated = WriteRows(ours, unchanged);
      counts_.unchanged += static_cast<std::int64_t>(unchanged.size());
    }
  }
  for (const std::size_t row : missed) {
    const Position key = KeyOf(all, row);
    if (skips && OthersHold(key)) {
      if (range_.skipped.size() >= kMostSkipped * columns_) {
        throw Error(core::sqlstate::kLockNotAvailable,
                    Format("more than %1% rows of %2% are locked by others", kMostSkipped, target_.qualified_name));
      }
      Append(range_.skipped, key);
      ++counts_.locked;
      continue;
    }
    updated += WriteByKey(key);
  }
  return updated;
}

std::int64_t KeyWalk::WriteRows(const pg::PlacedRows& rows, std::vector<std::size_t>& missed) {
  const pg::WrittenRows written = WritePlaces(rows);
  if (written.strange) GoByKey();
  counts_.still += written.still;
  for (std::size_t row = 0; row < written.reached.size(); ++row) {
    if (!written.reached[row]) missed.push_back(row);
  }
  return written.written;
}

// A trigger or constraint may refuse a row that has come to such a place before it is seen that it is another one,
// which may have been done already. Only what fails by its key is said to have failed.
pg::WrittenRows KeyWalk::WritePlaces(const pg::PlacedRows& rows) {
  try {
    return write_.Write(rows);
  } catch (const Error& error) {
    if (!engine::IsOfTheRow(error.report().sqlstate)) throw;
  }
  GoByKey();
}

// It is caught as what it is, a change since the read: the batch is undone and tried again.
void KeyWalk::GoByKey() {
  by_key_only_ = true;
  throw Error(core::sqlstate::kSerializationFailure,
              Format("rows of %1% have changed places since they were read", target_.qualified_name));
}

std::int64_t KeyWalk::WriteByKey(const Position& key) {
  const pg::QueryResult result = write_one_.Run(ParamsOf(key));
  if (result.Single() == "t") ++counts_.still;
  if (!deletes_ && !result.rows.empty() && !pg::IsTrue(result.rows.front()[1])) ThrowKeyMoves(target_);
  // It is gone, or matches no longer; or it is there as it was.
  if (result.processed == 0 && !find_one_.Run(ParamsOf(key)).rows.empty()) ++counts_.unchanged;
  return static_cast<std::int64_t>(result.processed);
}

// False: it is ours now, or it is gone, or matches no longer.
bool KeyWalk::OthersHold(const Position& key) {
  if (!lock_one_.Run(ParamsOf(key)).rows.empty()) return false;
  return !find_one_.Run(ParamsOf(key)).rows.empty();
}

void KeyWalk::GoBehind(const Window::Slice& slice) {
  LeaveBehind(slice, slice.end > slice.begin ? window_.KeyAt(slice.end - 1) : Position(), window_seen_);
}

void KeyWalk::PassOver(const core::ErrorReport& error) {
  skipped_rows_.Note(window_.KeyAt(window_.next()), error);
  ++counts_.failed;
  GoBehind(window_.Next(1));
}

Position KeyWalk::FirstSkipped() const {
  return {range_.skipped.begin(), range_.skipped.begin() + static_cast<std::ptrdiff_t>(columns_)};
}

void KeyWalk::ForgetFirstSkipped() {
  range_.skipped.erase(range_.skipped.begin(), range_.skipped.begin() + static_cast<std::ptrdiff_t>(columns_));
}

engine::Step KeyWalk::TakeSkipped() {
  engine::Step step;
  step.rows = 1;
  step.updated = WriteByKey(FirstSkipped());
  ForgetFirstSkipped();
  return step;
}

void KeyWalk::PassOverSkipped(const core::ErrorReport& error) {
  skipped_rows_.Note(FirstSkipped(), error);
  ++counts_.failed;
  ForgetFirstSkipped();
}

}  // namespace

std::unique_ptr<engine::RangeWalk> MakeKeyWalk(const BackfillDefinition& definition, const pg::TableShape& target,
                                               BackfillRange range, std::unique_ptr<RangeLock> lock,
                                               SkippedRows skipped_rows, Turns& turns) {
  return std::make_unique<KeyWalk>(definition, target, std::move(range), std::move(lock), std::move(skipped_rows),
                                   turns);
}

}  // namespace headway::server
