#include "commands/backfill_plan.hpp"

#include <algorithm>

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/parse/analysis.hpp"
#include "pg/parse/clause.hpp"
#include "pg/process/transaction.hpp"
#include "pg/row_batch.hpp"
#include "pg/spi.hpp"

namespace headway::server {

namespace {

using core::Error;
using core::Format;
namespace sqlstate = core::sqlstate;

constexpr std::int64_t kRangesPerWorker = 4;
constexpr std::int64_t kSampledPages = 1'000;
// A look for one row that matches reads all of a table where none does: up to 8 GB it is worth it.
constexpr std::int64_t kMostPagesToProbe = 1'000'000;
// For tables that have never been analyzed.
constexpr std::int64_t kRowsOfPage = 60;

void RequireTable(const pg::TableShape& shape) {
  const std::string& table = shape.qualified_name;
  if (shape.is_catalog) {
    throw Error(sqlstate::kInsufficientPrivilege, Format("%1% is a system catalog", table), {},
                "System catalogs are changed by DDL only.");
  }
  if (shape.kind != 'r' && shape.kind != 'p') {
    throw Error(sqlstate::kWrongObjectType, Format("%1% is not a table", table),
                "Views, foreign tables and the like have no rows of their own to walk in batches.",
                "Name the table that holds the rows.");
  }
  if (shape.temporary) {
    throw Error(sqlstate::kFeatureNotSupported, Format("%1% is a temporary table", pg::UnqualifiedName(shape.oid)),
                "The background worker that does the batches cannot see it.",
                "Nobody else can wait for its rows: use a plain statement.");
  }
}

void RequireOwnRows(const pg::TableShape& root) {
  for (const Oid oid : pg::TablesOf(root.oid)) {
    const pg::TableShape leaf = pg::DescribeTable(oid);
    if (leaf.kind != 'f') continue;
    throw Error(sqlstate::kWrongObjectType, Format("%1% is a foreign table", leaf.qualified_name),
                Format("It is a part of %1%. Its rows are on another server, which commits them by itself.",
                       root.qualified_name),
                "Name the tables that hold rows of their own one by one.");
  }
}

// Why a table cannot be walked in this way; empty: it can.
struct Obstacles {
  std::string ctid;
  std::string key;
  std::string through;
};

class Planner {
 public:
  Planner(const BackfillDefinition& definition, int workers)
      : definition_(definition),
        workers_(workers),
        assigned_(definition.deletes ? std::vector<std::string>() : pg::AssignedColumns(definition.set_clause)),
        root_(Describe(definition.relation)) {
    FindWayIn();
  }

  BackfillPlan Plan();

 private:
  bool Sets(const std::string& column) const {
    return std::find(assigned_.begin(), assigned_.end(), column) != assigned_.end();
  }
  void FindWayIn();
  bool MayTouch(const pg::TableShape& leaf) const;
  std::string WhyNotBy(const pg::TableKey& key) const;
  std::string WhyNoKey(const pg::TableShape& table) const;
  pg::TableShape Describe(Oid table) const;
  Obstacles Look(const pg::TableShape& leaf) const;
  const char* Choose(const pg::TableShape& leaf) const;
  void AddPages(const pg::TableShape& leaf, std::int64_t count);
  void AddKeys(const pg::TableShape& table, bool through, std::int64_t count);
  std::vector<Position> Quantiles(const WalkSql& sql, const pg::TableShape& table, std::int64_t count) const;
  void Add(BackfillRange range);

  const BackfillDefinition& definition_;
  const int workers_;
  const std::vector<std::string> assigned_;
  const pg::TableShape root_;
  std::string only_through_;  // why the tables below the root must not be touched directly; empty: they may
  BackfillPlan plan_;
};

void Planner::FindWayIn() {
  if (pg::IsDistributed(definition_.relation)) {
    only_through_ = "Its rows are on other servers.";
  } else {
    for (const std::string& column : pg::PartitionColumns(definition_.relation)) {
      if (Sets(column)) {
        only_through_ = Format("The SET changes \"%1%\", so that rows move to other partitions.", column);
      }
    }
  }
}

// The privileges on a partitioned table are good for its partitions only through it.
bool Planner::MayTouch(const pg::TableShape& leaf) const {
  if (leaf.oid == root_.oid) return true;
  const std::string statement = WalkSql(definition_, leaf, true).Change("true");
  pg::Savepoint trial = pg::OpenSavepoint();
  std::optional<Error> failure;
  try {
    pg::RequirePermitted(statement);
  } catch (const Error& error) {
    failure = error;
  }
  pg::RollbackSavepoint(trial);
  if (failure && failure->Is(sqlstate::kQueryCanceled)) throw Error(*failure);
  return !failure;
}

std::string Planner::WhyNotBy(const pg::TableKey& key) const {
  for (const pg::KeyColumn& column : key) {
    if (Sets(column.name)) return Format("The SET changes the key column \"%1%\".", column.name);
    for (const std::string& base : column.generated_from) {
      if (!Sets(base)) continue;
      return Format("The SET changes \"%1%\", from which the key column \"%2%\" is generated.", base, column.name);
    }
  }
  return {};
}

std::string Planner::WhyNoKey(const pg::TableShape& table) const {
  if (table.key.empty()) return "The table has no primary key or unique index over NOT NULL columns.";
  return WhyNotBy(table.key);
}

// With the first key that the SET leaves alone.
pg::TableShape Planner::Describe(Oid table) const {
  pg::TableShape shape = pg::DescribeTable(table);
  for (const pg::TableKey& key : shape.keys) {
    if (!WhyNotBy(key).empty()) continue;
    shape.key = key;
    break;
  }
  return shape;
}

Obstacles Planner::Look(const pg::TableShape& leaf) const {
  Obstacles obstacles;
  std::string direct = only_through_;
  if (direct.empty() && !leaf.is_heap) direct = "Its table access method is not heap.";
  if (direct.empty() && !MayTouch(leaf)) {
    direct = Format("The statement is not permitted, or means something else, on %1% itself.", leaf.qualified_name);
  }
  obstacles.key = direct.empty() ? WhyNoKey(leaf) : direct;
  obstacles.ctid = direct;
  if (obstacles.ctid.empty() && definition_.where_clause.empty()) {
    obstacles.ctid = "There is no where_clause that excludes the rows already done.";
  }
  obstacles.through = WhyNoKey(root_);
  return obstacles;
}

const char* Planner::Choose(const pg::TableShape& leaf) const {
  const Obstacles obstacles = Look(leaf);
  const std::string& wanted = definition_.strategy;
  if (wanted != "key" && obstacles.ctid.empty()) return "ctid";
  if (wanted != "ctid" && obstacles.key.empty()) return "key";
  if (wanted != "ctid" && obstacles.through.empty()) return "through";
  std::string detail;
  if (wanted != "key") detail = "By ctid: " + obstacles.ctid;
  if (wanted != "ctid") {
    detail += (detail.empty() ? "By key: " : " By key: ") + obstacles.key;
    if (obstacles.through != obstacles.key && root_.oid != leaf.oid) {
      detail += Format(" By key through %1%: %2%", root_.qualified_name, obstacles.through);
    }
  }
  throw Error(sqlstate::kBackfillNotExact, Format("%1% cannot be walked exactly", leaf.qualified_name), detail,
              definition_.deletes
                  ? "Create a unique index over NOT NULL columns (safe_add_unique), or use strategy => 'auto'."
                  : "Give a where_clause that the SET makes false (new_column IS NULL, say), or create a unique index "
                    "over NOT NULL columns that the SET leaves alone.");
}

BackfillPlan Planner::Plan() {
  std::vector<pg::TableShape> leaves;
  std::int64_t pages = 0;
  for (const Oid oid : pg::TablesOf(definition_.relation)) {
    leaves.push_back(Describe(oid));
    pages += leaves.back().pages;
  }
  plan_.strategy = "key";
  const std::int64_t ranges = workers_ > 1 ? workers_ * kRangesPerWorker : 1;
  const auto share = [&](std::int64_t of) {
    return std::max<std::int64_t>(1, of * ranges / std::max<std::int64_t>(1, pages));
  };
  bool through = pg::IsDistributed(definition_.relation);
  for (const pg::TableShape& leaf : leaves) {
    // An empty one has nothing to be walked, by whatever way.
    if (!through && leaf.pages == 0 && leaf.is_heap) continue;
    const std::string way = through ? "through" : Choose(leaf);
    if (way == "ctid") {
      AddPages(leaf, share(leaf.pages));
    } else if (way == "key") {
      AddKeys(leaf, false, share(leaf.pages));
    } else {
      through = true;
    }
  }
  if (through) {
    // One statement through the root is for all of its tables.
    plan_.ranges.clear();
    plan_.strategy = "key";
    const std::string why_not = WhyNoKey(root_);
    if (!why_not.empty() || definition_.strategy == "ctid") {
      throw Error(
          sqlstate::kBackfillNotExact, Format("%1% cannot be walked exactly", root_.qualified_name),
          definition_.strategy == "ctid" ? "By ctid: " + only_through_ : "By key: " + why_not,
          definition_.strategy == "ctid"
              ? "Use strategy => 'auto'."
              : "Create a unique index over NOT NULL columns that the statement leaves alone (safe_add_unique).");
    }
    AddKeys(root_, true, workers_ > 1 ? ranges : 1);
  }
  return plan_;
}

void Planner::Add(BackfillRange range) {
  range.number = static_cast<int>(plan_.ranges.size()) + 1;
  plan_.ranges.push_back(std::move(range));
}

void Planner::AddPages(const pg::TableShape& leaf, std::int64_t count) {
  plan_.strategy = "ctid";
  plan_.how = "in storage order";
  const std::int64_t ranges = std::min(count, leaf.pages);
  for (std::int64_t i = 0; i < ranges; ++i) {
    BackfillRange range;
    range.table = leaf.oid;
    range.relation = leaf.qualified_name;
    range.strategy = "ctid";
    const std::int64_t first = leaf.pages * i / ranges;
    const std::int64_t end = leaf.pages * (i + 1) / ranges;
    range.low = range.position = {std::to_string(first)};
    range.bound = {std::to_string(end)};
    range.units = end - first;
    Add(std::move(range));
  }
}

Position FirstOf(const std::string& query, const std::vector<pg::Param>& params = {}, const std::string& types = {}) {
  pg::CanonicalOutput canonical;
  pg::OwnedQuery owned(query, types);
  const pg::QueryResult found = owned.Run(params);
  canonical.Close();
  Position key;
  if (found.rows.empty()) return key;
  for (const pg::Field& field : found.rows.front()) key.push_back(field.value_or(""));
  return key;
}

// Keys that part the table into so many ranges of about the same size, from a sample of its pages.
std::vector<Position> Planner::Quantiles(const WalkSql& sql, const pg::TableShape& table, std::int64_t count) const {
  std::vector<Position> quantiles;
  if (count < 2 || table.kind != 'r' || !table.is_heap || pg::IsDistributed(table.oid)) return quantiles;
  const double percent =
      std::min(100.0, 100.0 * kSampledPages / static_cast<double>(std::max<std::int64_t>(1, table.pages)));
  pg::CanonicalOutput canonical;
  const pg::QueryResult sample =
      pg::RunQuery("SELECT " + sql.KeyList("") + " FROM " + sql.target() +
                   Format(" TABLESAMPLE SYSTEM (%1%) REPEATABLE (1)", percent) + " ORDER BY " + sql.KeyList(""));
  canonical.Close();
  const auto rows = static_cast<std::int64_t>(sample.rows.size());
  for (std::int64_t i = 1; i < count && rows >= count; ++i) {
    Position key;
    for (const pg::Field& field : sample.rows[static_cast<std::size_t>(rows * i / count)])
      key.push_back(field.value_or(""));
    if (quantiles.empty() || quantiles.back() != key) quantiles.push_back(std::move(key));
  }
  return quantiles;
}

// The last key is looked up before all else: rows that come behind it later are not the backfill's.
void Planner::AddKeys(const pg::TableShape& table, bool through, std::int64_t count) {
  const WalkSql sql(definition_, table, !through);
  const Position last =
      FirstOf("SELECT " + sql.KeyList("") + " FROM " + sql.target() + " ORDER BY " + sql.KeyList(" DESC") + " LIMIT 1");
  if (last.empty()) return;
  if (plan_.strategy == "key") {
    plan_.how = "by key (";
    for (const pg::KeyColumn& column : table.key) plan_.how += (&column == &table.key[0] ? "" : ", ") + column.name;
    plan_.how += ")";
  }
  std::vector<Position> bounds = Quantiles(sql, table, count);
  if (!bounds.empty() && bounds.back() == last) bounds.pop_back();
  bounds.push_back(last);
  std::int64_t rows = table.estimated_rows;
  if (rows <= 0) rows = std::max<std::int64_t>(1, table.pages * kRowsOfPage);
  Position low;
  for (const Position& bound : bounds) {
    BackfillRange range;
    range.table = table.oid;
    range.relation = table.qualified_name;
    range.key = pg::DescribeKey(table.key);
    range.strategy = through ? "through" : "key";
    range.low = range.position = low;
    range.bound = low = bound;
    range.units = std::max<std::int64_t>(1, rows / static_cast<std::int64_t>(bounds.size()));
    Add(std::move(range));
  }
}

}  // namespace

void CheckBackfill(const BackfillDefinition& definition) {
  const pg::TableShape root = pg::DescribeTable(definition.relation);
  RequireTable(root);
  RequireOwnRows(root);
  if (!definition.deletes) (void)pg::AssignedColumns(definition.set_clause);
  if (!definition.where_clause.empty()) pg::RequireExpression(definition.where_clause, "where_clause");
  pg::RequirePermitted(WalkSql(definition, root, false).Change("true"));
}

BackfillPlan PlanBackfill(const BackfillDefinition& definition, int workers) {
  return Planner(definition, workers).Plan();
}

core::Left AnyLeft(const BackfillDefinition& definition) {
  const pg::TableShape root = pg::DescribeTable(definition.relation);
  std::int64_t pages = 0;
  for (const Oid oid : pg::TablesOf(definition.relation)) pages += pg::DescribeTable(oid).pages;
  if (pages > kMostPagesToProbe) return core::Left::kUnknown;
  const WalkSql sql(definition, root, false);
  const std::string probe = "SELECT 1 FROM " + sql.target() + "\nWHERE true" + sql.condition() + " LIMIT 1";
  return pg::RunQuery(probe).rows.empty() ? core::Left::kNone : core::Left::kSome;
}

}  // namespace headway::server
