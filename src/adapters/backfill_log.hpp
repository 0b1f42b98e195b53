// The calls that have worked on a job, one row each in headway.backfill_call: who, when, how much, and why it ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adapters/backfill_definition.hpp"

namespace headway::server {

struct CallSums {
  std::int64_t rows = 0;
  std::int64_t batches = 0;
  std::int64_t longest_ms = 0;
  std::int64_t moved = 0;
  std::int64_t wal_bytes = 0;
};

// REQUIRES of all: an open unit.
// The row of a call that begins; what an earlier one of the job has left behind is ended with it, and rows older than
// headway.keep_history are deleted. `rows_before`: what earlier calls have done. Returns its id.
std::int64_t BeginCall(const BackfillDefinition& definition, int workers, std::optional<std::int64_t> until_ms,
                       std::int64_t rows_before);
// Those that a crash has ended. `rows_done`: by the job up to now.
void EndCallsLeftBehind(const std::string& job, std::int64_t rows_done);
// `reason`: why it ended before the job was through; may be empty.
void EndCall(std::int64_t id, const std::string& result, const std::string& reason, const CallSums& sums);

// Calls that were at work and whose process is gone; not those that are a part of something larger, nor of a job that
// is paused.
struct CallLeftBehind {
  std::int64_t id = 0;
  std::string job;
  std::string noun;  // as NounOf()
  Oid session_user = pg::kNoOid;
  Oid run_by = pg::kNoOid;
};
// REQUIRES: no call is at work. It tells by the rows alone.
std::vector<CallLeftBehind> CallsLeftBehind();

// What a call was to do.
struct CallRecord {
  BackfillDefinition definition;
  int workers = 1;
  std::optional<std::int64_t> until_ms;  // wall clock
  std::vector<std::string> settings;     // name=value
  Oid run_by = pg::kNoOid;
};
std::optional<CallRecord> LoadCall(std::int64_t id);

}  // namespace headway::server
