// The new column and the old one change places: the statements of one short transaction.
#pragma once

#include <string>

#include "operations/column_dependents.hpp"

namespace headway::operations {

// The names that things have until the swap, and those that the old ones have after it.
std::string NewName(const std::string& oid);
std::string OldName(const std::string& oid);

struct ColumnSwap {
  Table table;
  ColumnId column;       // the one that there is
  ColumnId replacement;  // the one that takes its place: filled, indexed, constrained
  std::string old_name;  // what the old column is called afterwards
  std::string new_type;
  std::string drop_sync;  // drops what keeps the two the same
  // Statements around all of it, for what shows the column: they drop it, and make it again.
  std::string before, after;
};

// All tables of it at once, in a fixed order: what follows waits for nothing. REQUIRES, of both: an open unit.
std::string LockForSwap(const ColumnId& column);
std::string SwapStatements(const ColumnSwap& swap);

}  // namespace headway::operations
