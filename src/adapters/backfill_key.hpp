// The key that a range is walked by: it must stay what it was when the range was begun.
#pragma once

#include "adapters/backfill_definition.hpp"
#include "adapters/backfill_range.hpp"
#include "pg/catalog/table_shape.hpp"

namespace headway::server {

// The walk goes on by the key that it was begun by, whatever else the table has now: it becomes `table.key`. Throws
// MG017 when the table has it no longer.
void UseKeyOf(const BackfillDefinition& definition, const BackfillRange& range, pg::TableShape& table);

// The same in the middle of a walk: without the unique index two rows may have the same key, and a walk would leave one
// out. REQUIRES: a lock on the table, so that what is found stays so to the end of the unit.
void RequireKey(const BackfillDefinition& definition, const BackfillRange& range);

// For messages: a = 1, b = 2.
std::string DescribeKeyValues(const pg::TableShape& target, const Position& key);

// A walk by key has changed the key of a row: MG017.
[[noreturn]] void ThrowKeyMoves(const pg::TableShape& target);

}  // namespace headway::server
