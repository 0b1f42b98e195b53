#include "adapters/backfill_key.hpp"

#include "core/format.hpp"
#include "core/names.hpp"
#include "core/sqlstate.hpp"
#include "pg/text.hpp"

namespace headway::server {

using core::Format;

void UseKeyOf(const BackfillDefinition& definition, const BackfillRange& range, pg::TableShape& table) {
  for (const pg::TableKey& key : table.keys) {
    if (pg::DescribeKey(key) != range.key) continue;
    table.key = key;
    return;
  }
  throw core::Error(
      core::sqlstate::kBackfillNotExact,
      Format("%1% \"%2%\" cannot go on: %3% no longer has the key by which it is walked", NounOf(definition),
             definition.name, table.qualified_name),
      Format("It is walked by (%1%), the primary key or a unique index over NOT NULL columns when it was begun.",
             core::JoinNames(range.key)),
      Format("Create a unique index over that key again and call it again; or give up what is recorded of it and start "
             "over: SELECT safe_backfill_forget(%1%).",
             pg::QuoteLiteral(definition.name)));
}

void RequireKey(const BackfillDefinition& definition, const BackfillRange& range) {
  pg::TableShape table = pg::DescribeTable(range.table);
  UseKeyOf(definition, range, table);
}

void ThrowKeyMoves(const pg::TableShape& target) {
  throw core::Error(
      core::sqlstate::kBackfillNotExact,
      Format("rows of %1% get another key when they are updated", target.qualified_name),
      "The SET leaves the key alone, but a trigger does not: rows that move ahead of the walk would be done again. "
      "This batch has been undone.",
      "Let the trigger leave the key alone meanwhile; or give a where_clause that the SET makes false, and "
      "strategy => 'ctid'.");
}

std::string DescribeKeyValues(const pg::TableShape& target, const Position& key) {
  std::string text;
  for (std::size_t i = 0; i < key.size(); ++i) {
    text += Format("%1%%2% = %3%", i == 0 ? "" : ", ", target.key[i].name, key[i]);
  }
  return text;
}

}  // namespace headway::server
