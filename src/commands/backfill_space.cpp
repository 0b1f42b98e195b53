#include "commands/backfill_space.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "engine/unit.hpp"
#include "pg/backend.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/catalog/table_shape.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::server {

namespace {

using core::Format;
using engine::Unit;

constexpr std::int64_t kLookEveryMs = 2'000;
constexpr std::int64_t kRowsToJudge = 1'000;
constexpr std::int64_t kMegabyte = 1'048'576;
constexpr std::int64_t kGrowthWorthAWord = 8 * kMegabyte;

pg::PreparedQuery is_owner(
    "SELECT pg_catalog.pg_has_role(relowner, 'USAGE') FROM pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=)"
    " CAST($1 AS pg_catalog.oid)",
    "i");
pg::PreparedQuery table_bytes(
    "SELECT pg_catalog.pg_relation_size(CAST(CAST($1 AS pg_catalog.oid) AS pg_catalog.regclass))", "i");
pg::PreparedQuery index_bytes(
    "SELECT pg_catalog.pg_indexes_size(CAST(CAST($1 AS pg_catalog.oid) AS pg_catalog.regclass))", "i");

std::int64_t SumOver(std::uint32_t relation, pg::PreparedQuery& size) {
  std::int64_t bytes = 0;
  for (const Oid oid : pg::TablesOf(relation)) {
    bytes += std::stoll(size.Run({oid}).Single().value_or("0"));
  }
  return bytes;
}

}  // namespace

void SpaceKeeper::Look() {
  const std::int64_t now = pg::NowMs();
  if (looked_ms_ == 0) looked_ms_ = now;
  if (now - looked_ms_ < kLookEveryMs) return;
  looked_ms_ = now;
  Unit looking(session_);
  const std::vector<TableSums> all = SumTables(definition_.name);
  const double vacuum_every = VacuumEvery(definition_.name);
  const std::optional<pg::OldSnapshot> oldest = pg::OldestSnapshot();
  looking.Commit();
  std::vector<TableSums> growing;
  for (const TableSums& table : all) {
    if (Grows(table)) growing.push_back(table);
  }
  // Batches have ended since, so that one that is there still keeps what they have left.
  const bool held = oldest && oldest_ && oldest->xmin == oldest_->xmin;
  oldest_ = oldest;
  NameHolder(growing.empty() ? "" : growing.front().relation, held && !growing.empty() ? oldest : std::nullopt);
  if (held) return;
  for (const TableSums& table : growing) VacuumInTime(table, vacuum_every);
}

// Whether half of the rows done since the last look have found no room.
bool SpaceKeeper::Grows(const TableSums& now) {
  Table& before = tables_[now.relation];
  if (now.rows < before.rows) before = {};  // another sweep
  const std::int64_t rows = now.rows - before.rows;
  const std::int64_t moved = now.moved - before.moved;
  before.rows = now.rows;
  before.moved = now.moved;
  return rows >= kRowsToJudge && moved * 2 >= rows;
}

void SpaceKeeper::NameHolder(const std::string& relation, const std::optional<pg::OldSnapshot>& holder) {
  if (!holder && named_.empty()) return;
  Unit noting(session_);
  const std::string name = holder ? pg::DescribeSnapshot(*holder) : std::string();
  NoteOldSnapshot(definition_.name, name);
  noting.Commit();
  const bool known = !named_.empty();
  named_ = name;
  if (!holder || known) return;
  reporter_.Notice(
      Format("old versions of rows cannot be removed, and %1% grows", relation),
      Format("The oldest snapshot: %1%", name),
      Format("End it (for a session: commit there, or SELECT pg_terminate_backend(pid)), or wait for its end "
             "meanwhile: SELECT safe_backfill_pause(%1%).",
             pg::QuoteLiteral(definition_.name)));
}

void SpaceKeeper::VacuumInTime(const TableSums& table, double vacuum_every) {
  if (vacuum_every <= 0) return;
  Unit looking(session_);
  const Oid oid = pg::RelationNamed(pg::ParseQualifiedName(table.relation));
  bool owner = false;
  std::int64_t all_rows = 0;
  const std::string name = oid == pg::kNoOid ? std::string() : pg::QualifiedName(oid);
  if (oid != pg::kNoOid) {
    owner = pg::IsTrue(is_owner.Run({oid}).Single());
    all_rows = std::max(table.rows, pg::DescribeTable(oid).estimated_rows);
  }
  looking.Commit();
  std::int64_t& last = tables_[table.relation].moved_at_vacuum;
  const double enough = vacuum_every * static_cast<double>(all_rows);
  if (oid == pg::kNoOid || static_cast<double>(table.moved - last) < enough) return;
  last = table.moved;
  if (owner) {
    Vacuum(name);
  } else if (!said_not_owner_) {
    said_not_owner_ = true;
    reporter_.Notice(Format("new versions of rows find no room in %1%, and it grows", table.relation),
                     "Only its owner can vacuum it.", {});
  }
}

void SpaceKeeper::Vacuum(const std::string& relation) {
  core::Statement statement;
  statement.text = "VACUUM (SKIP_LOCKED, TRUNCATE false) " + relation;
  statement.kind = core::StatementClass::kTopLevel;
  reporter_.Activity(statement.text);
  try {
    session_.RunTopLevel(statement, pg::LockTimeoutMs());
    session_.Commit();
  } catch (const core::Error& error) {
    session_.Rollback();
    // Another time, then.
    if (!error.Is(core::sqlstate::kLockNotAvailable)) throw;
  }
}

std::int64_t TableBytesOf(std::uint32_t relation) { return SumOver(relation, table_bytes); }

std::int64_t IndexBytesOf(std::uint32_t relation) { return SumOver(relation, index_bytes); }

std::string DescribeIndexGrowth(std::uint32_t relation, std::int64_t bytes_before) {
  const std::int64_t now = IndexBytesOf(relation);
  if (bytes_before <= 0 || now - bytes_before < kGrowthWorthAWord || now * 4 < bytes_before * 5) return {};
  return Format("the indexes of %1% have grown from %2% to %3% MB", pg::QualifiedName(relation),
                bytes_before / kMegabyte, now / kMegabyte);
}

}  // namespace headway::server
