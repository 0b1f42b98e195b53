// A call of a backfill from its beginning to its end: sweeps over the table until no row matches, each walked by one
// lane in this process and one in each further worker.
#pragma once

#include <cstdint>
#include <optional>

#include "adapters/backfill_definition.hpp"
#include "adapters/backfill_job.hpp"
#include "pg/process/worker_request.hpp"

namespace headway::server {

struct BackfillOrder {
  BackfillDefinition definition;
  JobLimits limits;
  int workers = 1;
  std::optional<std::int64_t> until_ms;  // wall clock
};

void Exchange(pg::RequestFields& fields, BackfillOrder& order);

// Checks it and writes its row, for whoever runs it later. False: there is nothing to run now, and a notice has said
// why.
bool PrepareBackfill(const BackfillOrder& order);
// Returns the rows that this call has changed. REQUIRES: a worker, with no unit open.
std::int64_t RunBackfill(const BackfillOrder& order);

}  // namespace headway::server
