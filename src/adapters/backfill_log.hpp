// The calls that have worked on a job, one row each in headway.backfill_call: who, when, how much, and why it ended.
#pragma once

#include <cstdint>
#include <string>

#include "adapters/backfill_definition.hpp"

namespace headway::server {

struct CallSums {
  std::int64_t rows = 0;
  std::int64_t batches = 0;
  std::int64_t longest_ms = 0;
  std::int64_t moved = 0;
  std::int64_t wal_bytes = 0;
};

// REQUIRES of both: an open unit.
// The row of a call that begins; what an earlier one of the job has left behind is ended with it, and rows older than
// headway.keep_history are deleted. `rows_before`: what earlier calls have done. Returns its id.
std::int64_t BeginCall(const BackfillDefinition& definition, int workers, std::int64_t rows_before);
// `reason`: why it ended before the job was through; may be empty.
void EndCall(std::int64_t id, const std::string& result, const std::string& reason, const CallSums& sums);

}  // namespace headway::server
