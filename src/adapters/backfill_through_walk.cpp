// A walk by key through the table that the caller has named, a stretch of keys at a time, for rows that cannot be
// reached one by one: on other servers (Citus), under the row security of the table above them, or of partitions that
// the caller may not touch directly.
#include <algorithm>

#include "adapters/backfill_key.hpp"
#include "adapters/backfill_walk.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/row_batch.hpp"

namespace headway::server {

namespace {

using core::Format;

class ThroughWalk : public SavedWalk {
 public:
  ThroughWalk(const BackfillDefinition& definition, const pg::TableShape& target, BackfillRange range,
              std::unique_ptr<RangeLock> lock, SkippedRows skipped_rows)
      : SavedWalk(definition.name, std::move(range), std::move(lock), std::move(skipped_rows)),
        definition_(definition),
        target_(target),
        sql_(definition, target_, false) {
    for (const bool behind : {false, true}) {
      const std::size_t columns = target_.key.size();
      const std::string stretch =
          sql_.Compare(false, 1) + (behind ? " AND " + sql_.Compare(true, 1 + columns) : std::string());
      const std::string types((behind ? 2 : 1) * columns, 't');
      count_[behind] = std::make_unique<pg::OwnedQuery>(
          "SELECT pg_catalog.count(*) FROM " + sql_.target() + "\nWHERE " + stretch + sql_.condition(), types);
      change_[behind] = std::make_unique<pg::OwnedQuery>(sql_.ChangeReturning(stretch, "(" + stretch + ")"), types);
      next_[behind] = std::make_unique<pg::OwnedQuery>("SELECT " + sql_.KeyList("") + " FROM " + sql_.target() +
                                                           " WHERE " + stretch + " ORDER BY " + sql_.KeyList("") +
                                                           Format(" LIMIT 1 OFFSET $%1%", types.size() + 1),
                                                       types + "i");
    }
  }

  Found Read(std::int64_t) override { return HasRows() ? Found::kRows : Found::kEnd; }
  bool HasRows() const override { return !range_.bound.empty() && range_.position != range_.bound; }
  engine::Step Take(std::int64_t most, engine::Care care) override;
  std::string DescribeNext() override;
  void PassOver(const core::ErrorReport& error) override;

 private:
  // The last key of the stretch.
  Position FindEnd(std::int64_t rows) const;
  std::vector<pg::Param> Params(const Position& end) const;

  const BackfillDefinition& definition_;
  const pg::TableShape target_;
  const WalkSql sql_;
  std::unique_ptr<pg::OwnedQuery> count_[2], change_[2], next_[2];
};

std::vector<pg::Param> ThroughWalk::Params(const Position& end) const {
  std::vector<pg::Param> params;
  for (const std::string& value : end) params.emplace_back(value);
  for (const std::string& value : range_.position) params.emplace_back(value);
  return params;
}

Position ThroughWalk::FindEnd(std::int64_t rows) const {
  std::vector<pg::Param> params = Params(range_.bound);
  params.emplace_back(rows - 1);
  pg::CanonicalOutput canonical;
  const pg::QueryResult found = next_[range_.position.empty() ? 0 : 1]->Run(params);
  canonical.Close();
  if (found.rows.empty()) return range_.bound;
  Position end;
  for (const pg::Field& field : found.rows.front()) end.push_back(field.value_or(""));
  return end;
}

engine::Step ThroughWalk::Take(std::int64_t most, engine::Care care) {
  if (care == engine::Care::kSkipLocked) {
    throw core::Error(core::sqlstate::kLockNotAvailable,
                      Format("rows of %1% are locked by others", target_.qualified_name));
  }
  const Position end = FindEnd(most);
  RequireKey(definition_, range_);
  const std::string matching = count_[range_.position.empty() ? 0 : 1]->Run(Params(end)).Single().value_or("0");
  const pg::QueryResult changed = change_[range_.position.empty() ? 0 : 1]->Run(Params(end));
  for (const pg::Row& row : changed.rows) {
    if (pg::IsTrue(row[0])) ++counts_.still;
    if (!pg::IsTrue(row[1])) ThrowKeyMoves(target_);  // a delete's are where they were
  }
  counts_.unchanged += std::max<std::int64_t>(0, std::stoll(matching) - static_cast<std::int64_t>(changed.processed));
  range_.position = end;
  range_.walked += most;
  return {most, static_cast<std::int64_t>(changed.processed), false};
}

std::string ThroughWalk::DescribeNext() { return DescribeKeyValues(target_, FindEnd(1)); }

void ThroughWalk::PassOver(const core::ErrorReport& error) {
  range_.position = FindEnd(1);
  skipped_rows_.Note(range_.position, error, false);
  ++counts_.failed;
  ++range_.walked;
}

}  // namespace

std::unique_ptr<engine::RangeWalk> MakeThroughWalk(const BackfillDefinition& definition, const pg::TableShape& target,
                                                   BackfillRange range, std::unique_ptr<RangeLock> lock,
                                                   SkippedRows skipped_rows) {
  return std::make_unique<ThroughWalk>(definition, target, std::move(range), std::move(lock), std::move(skipped_rows));
}

}  // namespace headway::server
