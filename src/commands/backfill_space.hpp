// The room that a backfill takes: what a table that cannot reuse it needs, and what is left in the indexes at the end.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "adapters/backfill_definition.hpp"
#include "adapters/backfill_job.hpp"
#include "engine/ports.hpp"
#include "pg/locks/old_snapshot.hpp"

namespace headway::server {

class SpaceKeeper {
 public:
  SpaceKeeper(engine::Session& session, engine::Reporter& reporter, const BackfillDefinition& definition)
      : session_(session), reporter_(reporter), definition_(definition) {}

  // Between two batches: now and then it looks whether new versions find no room beside the old ones. Who has a
  // snapshot that keeps these is named; when it is nobody, the tables are vacuumed. REQUIRES: no unit open.
  void Look();

 private:
  struct Table {
    std::int64_t rows = 0;  // when it was looked at last
    std::int64_t moved = 0;
    std::int64_t moved_at_vacuum = 0;
  };
  bool Grows(const TableSums& now);
  void NameHolder(const std::string& relation, const std::optional<pg::OldSnapshot>& holder);
  void VacuumInTime(const TableSums& table, double vacuum_every);
  void Vacuum(const std::string& relation);

  engine::Session& session_;
  engine::Reporter& reporter_;
  const BackfillDefinition& definition_;
  std::int64_t looked_ms_ = 0;
  std::map<std::string, Table> tables_;
  std::optional<pg::OldSnapshot> oldest_;  // when it was looked last
  std::string named_;                      // in headway.backfill
  bool said_not_owner_ = false;
};

// REQUIRES of both: an open unit.
// Of the table and all below it.
std::int64_t TableBytesOf(std::uint32_t relation);
std::int64_t IndexBytesOf(std::uint32_t relation);
// Says how much larger they are than they were; empty: not enough to be worth a word.
std::string DescribeIndexGrowth(std::uint32_t relation, std::int64_t bytes_before);

}  // namespace headway::server
