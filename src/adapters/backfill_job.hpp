// The row of a job in headway.backfill: its definition, the requests made of it, its progress.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "adapters/backfill_definition.hpp"
#include "core/error.hpp"
#include "core/job_state.hpp"
#include "engine/backfiller.hpp"

namespace headway::server {

struct JobRecord {
  core::JobState state = core::JobState::kRunning;
  engine::Request request = engine::Request::kRun;
  std::string strategy;          // as it was planned
  std::optional<bool> excludes;  // rows that are done no longer match
  int sweep = 0;
};

struct JobLimits {
  engine::BackfillSettings settings;
  double vacuum_every = 0.1;
};

// Throws 22023 for what cannot be a limit.
void RequireLimits(const JobLimits& limits);

// REQUIRES of all: an open unit.
// The job that a call without a name goes on with: the same definition on the same table, whatever that is called now.
std::optional<std::string> FindUnnamedJob(const BackfillDefinition& definition);
// Nothing: there is none of that name. Fails when it has another definition or was begun on another table.
std::optional<JobRecord> LoadJob(const BackfillDefinition& definition);
void CreateJob(const BackfillDefinition& definition, const JobLimits& limits);
// A call goes on with it: with its limits, whatever was asked of the last call forgotten.
void ContinueJob(const BackfillDefinition& definition, const JobLimits& limits);
// As if it had never run, but for what is known of rows that fail.
void StartJobOver(const std::string& name);
// Rows that have failed before the next call begins are done, unless they fail again.
void TryFailedRowsAgain(const std::string& name);

// How a sweep stands: the sums of its ranges.
struct SweepSums {
  std::int64_t units = 0;
  std::int64_t walked = 0;
  std::int64_t rows = 0;
  std::int64_t rows_per_second = 0;
  std::int64_t locked = 0;
  std::int64_t still = 0;
  std::int64_t unchanged = 0;
  std::int64_t open = 0;  // ranges that are not done
  std::int64_t ranges = 0;
};
SweepSums SumRanges(const std::string& name);
// Of one table or partition, by name: rows done and rows moved, in this sweep.
struct TableSums {
  std::string relation;
  std::int64_t rows = 0;
  std::int64_t moved = 0;
};
std::vector<TableSums> SumTables(const std::string& name);

void BeginSweep(const std::string& name, int sweep, const std::string& strategy);
// The counts of the sweep are added to the job's, and its ranges deleted.
void EndSweep(const std::string& name, std::optional<bool> excludes, std::int64_t unchanged);
void NoteSizes(const std::string& name, std::int64_t table_bytes, std::int64_t index_bytes);
// Whoever keeps old versions of rows; empty: nobody.
void NoteOldSnapshot(const std::string& name, const std::string& holder);
// What all of it waits for, between two sweeps; empty: nothing any more.
void NoteJobWait(const std::string& name, const std::string& what, const std::string& detail);
// Of all of its sweeps up to now.
struct JobTotals {
  std::int64_t table_bytes = 0;  // as NoteSizes() had them
  std::int64_t index_bytes = 0;
  std::int64_t rows = 0;
  std::int64_t batches = 0;
  std::int64_t moved = 0;
  std::int64_t wal_bytes = 0;
  std::int64_t longest_ms = 0;  // of a batch, of the ranges that there are and since this call began
};
JobTotals LoadTotals(const std::string& name);
// What has happened to it; all fail when that cannot happen to a job in its state.
// `none_left`: no row matches its condition any more.
void MarkJobDone(const std::string& name, bool none_left);
void MarkJobStopped(const std::string& name);
// Of one that a call has left running. REQUIRES: its lock.
void MarkLeftBehindStopped(const std::string& name);
// Returns the state that it has then.
core::JobState MarkJobFailed(const std::string& name, const core::ErrorReport& error);
// safe_backfill_cancel() of one that nobody is at. False: there is none of that name.
bool MarkJobCancelled(const std::string& name);

// Fails when the row is gone.
engine::Orders LoadOrders(const std::string& name);
// The same, to change them: the row is locked. 42704: there is none.
JobLimits LoadLimits(const std::string& name);
void SaveLimits(const std::string& name, const JobLimits& limits);
double VacuumEvery(const std::string& name);

void ForgetJobsOf(const std::string& script_label);

}  // namespace headway::server
