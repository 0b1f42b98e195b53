#include "adapters/backfill_lane.hpp"

#include <algorithm>

#include "adapters/backfill_job.hpp"
#include "adapters/backfill_key.hpp"
#include "adapters/backfill_walk.hpp"
#include "adapters/backfill_window.hpp"
#include "adapters/engine_ports.hpp"
#include "adapters/sessions.hpp"
#include "adapters/throttle.hpp"
#include "core/duration.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "engine/unit.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/locks/blockers.hpp"
#include "pg/locks/lock_need.hpp"
#include "pg/locks/old_snapshot.hpp"

namespace headway::server {

namespace {

using core::Format;

constexpr char kFailureHint[] =
    "What came before it is done and stays. Mend the row, or what refuses it, and call it again: it goes on there. "
    "With on_error => 'skip' such rows are noted in headway.backfill_skipped and skipped.";

class LaneJob : public engine::BackfillJob {
 public:
  explicit LaneJob(const LaneOrder& order) : definition_(order.definition), call_(order.call) {}

  std::string name() const override { return definition_.name; }
  std::unique_ptr<engine::RangeWalk> TakeRange() override;
  engine::Orders LoadOrders() override { return server::LoadOrders(definition_.name); }
  void NoteWait(const std::string& what, const std::string& detail) override;
  bool WasRenamed() override { return table_ != pg::kNoOid && pg::QualifiedName(table_) != table_name_; }
  std::string DescribeLockHolders() override {
    return core::DescribeBlockers(pg::BlockersOf(table_, pg::kRowExclusiveLock));
  }
  std::string DescribeProgress() override;

 private:
  pg::TableShape TableOf(const BackfillRange& range) const;

  const BackfillDefinition& definition_;
  const std::int64_t call_;
  Turns turns_;     // one range after the other
  int number_ = 0;  // of the range that was taken last
  Oid table_ = pg::kNoOid;
  std::string table_name_;
};

std::unique_ptr<engine::RangeWalk> LaneJob::TakeRange() {
  for (const int number : OpenRanges(definition_.name)) {
    auto lock = std::make_unique<RangeLock>(definition_.name, number);
    if (!lock->held()) continue;
    std::optional<BackfillRange> range = LoadRange(definition_.name, number);
    if (!range) continue;
    pg::TableShape table = TableOf(*range);
    if (table.oid == 0) {  // dropped or detached since
      FinishRange(definition_.name, number, 0);
      continue;
    }
    number_ = number;
    table_ = table.oid;
    table_name_ = table.qualified_name;
    ClaimRange(definition_.name, number);
    SkippedRows skipped(definition_.name, table.qualified_name, call_);
    if (definition_.pass_over_failures) skipped.Look();
    if (range->strategy == "ctid") {
      return MakePageWalk(definition_, table, *range, std::move(lock), std::move(skipped), turns_);
    }
    UseKeyOf(definition_, *range, table);
    return range->strategy == "key"
               ? MakeKeyWalk(definition_, table, *range, std::move(lock), std::move(skipped), turns_)
               : MakeThroughWalk(definition_, table, *range, std::move(lock), std::move(skipped));
  }
  number_ = 0;
  return nullptr;
}

// The row says which table it is a range of; it is one of the tables of the job, whatever the row says.
pg::TableShape LaneJob::TableOf(const BackfillRange& range) const {
  const std::vector<Oid> tables = pg::TablesOf(definition_.relation);
  const bool ours =
      range.table == definition_.relation || std::find(tables.begin(), tables.end(), range.table) != tables.end();
  return ours ? pg::DescribeTable(range.table) : pg::TableShape();
}

void LaneJob::NoteWait(const std::string& what, const std::string& detail) {
  int number = number_;
  if (number == 0) {
    const std::vector<int> open = OpenRanges(definition_.name);
    if (open.empty()) return;
    number = open.front();
  }
  NoteRangeWait(definition_.name, number, what, detail);
}

std::string LaneJob::DescribeProgress() {
  const SweepSums sums = SumRanges(definition_.name);
  const std::int64_t units = std::max<std::int64_t>(1, sums.units);
  const std::int64_t walked = std::min(sums.walked, units);
  std::string text = Format("%1% %% through, %2% rows", walked * 100 / units, sums.rows);
  if (sums.rows_per_second > 0) {
    text += Format(", %1% rows a second", sums.rows_per_second);
    if (walked > 0) {
      const double left = static_cast<double>(sums.rows) * static_cast<double>(units - walked) /
                          static_cast<double>(walked) / static_cast<double>(sums.rows_per_second);
      text += Format(", about %1% left", core::Duration(static_cast<std::int64_t>(left * 1'000)));
    }
  }
  return text;
}

}  // namespace

engine::LaneResult WalkLane(engine::Session& session, const LaneOrder& order, bool speaks,
                            std::function<void()> between) {
  LaneJob job(order);
  BackendClock clock;
  BackendReporter reporter;
  engine::LaneOptions options;
  options.retry = PolicyFromSettings(true);
  options.until_ms = order.until_ms;
  options.pass_over_failures = order.definition.pass_over_failures;
  options.speaks = speaks;
  options.alone = order.alone;
  // An operation that backfills as one of its phases has advice of its own.
  if (!order.definition.required || !order.definition.revision.empty()) options.failure_hint = kFailureHint;
  const auto oldest = [&session]() -> std::pair<std::uint32_t, std::string> {
    engine::Unit looking(session);
    const std::optional<pg::OldSnapshot> snapshot = pg::OldestSnapshot();
    const std::string who = snapshot ? pg::DescribeSnapshot(*snapshot) : std::string();
    looking.Commit();
    return {snapshot ? snapshot->xmin : 0, who};
  };
  engine::Backfiller backfiller(session, clock, reporter, job, options, MakeThrottle(oldest, !order.definition.deletes),
                                std::move(between));
  return backfiller.Run();
}

void Exchange(pg::RequestFields& fields, LaneOrder& order) {
  BackfillDefinition& definition = order.definition;
  fields& definition.relation& definition.deletes& definition.set_clause& definition.where_clause;
  fields& definition.name& definition.pass_over_failures& order.call& order.until_ms& order.alone;
}

std::int64_t LaneInWorker(const pg::WorkerRequest& request) {
  const auto order = pg::ReadRequest<LaneOrder>(request);
  WorkerSession session;
  return WalkLane(session, order, false, [] {}).rows;
}

}  // namespace headway::server
