// A call of migrate_*: chooses the execution mode and runs the engine in it.
#pragma once

#include <string>

#include "core/revision.hpp"
#include "pg/process/worker.hpp"
#include "pg/types.hpp"

namespace headway::server {

// Runs a plan up or down; returns the number of revisions run.
std::int64_t Migrate(FunctionCallInfo call, core::Direction direction, const std::string& target);

// Sets the heads without running anything; returns the number of rows of headway.version that changed.
std::int64_t Stamp(const std::string& target, bool purge);

// The same as a worker's job: what Migrate() sends there.
inline constexpr char kMigrateVerb[] = "migrate";
std::int64_t MigrateInWorker(const pg::WorkerRequest& request);

}  // namespace headway::server
