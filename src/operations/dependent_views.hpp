// The views that show a column, and those that stand on them: dropped and made again when the column's type changes.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "operations/column_dependents.hpp"

namespace headway::operations {

struct DependentViews {
  std::set<std::uint32_t> oids;
  std::vector<std::string> names;      // "view public.v"; those that stand on others behind them
  std::vector<std::string> qualified;  // public.v
  // What keeps them from being made again, as messages say it: what else stands on them, and which are of a kind that
  // goes with something else.
  std::vector<std::string> obstacles;
  std::vector<std::string> peculiar;

  // Statements, each with its semicolon; all empty when there are no views.
  // Until the end of the transaction, and nothing else: what is read of them then stays as it is. With the settings
  // under which they are to be read, and made.
  std::string lock;
  std::string drop;
  std::string create;  // with all that they have: options, defaults, rules, triggers, comments, owner, privileges
};

// Materialized views are not among them: they hold rows. REQUIRES, of both: an open unit.
DependentViews FindDependentViews(const ColumnId& column);
// Drops them, changes the table, makes them again, and takes all of that back. Throws what the server says of a view
// that cannot be made again, and 0A000 for one that would use other things than it does. REQUIRES: their lock has been
// taken before they were found.
void Rehearse(const DependentViews& views, const std::string& change);

}  // namespace headway::operations
