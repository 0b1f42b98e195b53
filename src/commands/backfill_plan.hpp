// How the table of a backfill is walked: which of its tables, in which order, in how many ranges.
#pragma once

#include <string>
#include <vector>

#include "adapters/backfill_definition.hpp"
#include "adapters/backfill_range.hpp"
#include "core/sweep.hpp"

namespace headway::server {

// Refuses tables that cannot be changed in batches, clauses that are not what they should be, names that do not exist
// and what the caller may not do. REQUIRES: an open unit, as all that follows.
void CheckBackfill(const BackfillDefinition& definition);

struct BackfillPlan {
  std::string strategy;                  // ctid when one of the ranges is walked so, else key
  std::string how = "in storage order";  // the same in words
  std::vector<BackfillRange> ranges;
};
// REQUIRES: it has been checked. `workers`: how many there will be to walk the ranges.
BackfillPlan PlanBackfill(const BackfillDefinition& definition, int workers);

// Whether a row matches. Not looked for where that would take long.
core::Left AnyLeft(const BackfillDefinition& definition);

}  // namespace headway::server
