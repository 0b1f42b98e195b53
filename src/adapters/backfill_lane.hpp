// A lane of a backfill in this process: takes ranges of the job one by one and walks them.
#pragma once

#include <functional>
#include <optional>

#include "adapters/backfill_definition.hpp"
#include "engine/backfiller.hpp"
#include "pg/process/worker.hpp"

namespace headway::server {

struct LaneOrder {
  BackfillDefinition definition;
  std::int64_t call = 0;                 // as BeginCall() has returned it
  std::optional<std::int64_t> until_ms;  // wall clock
  bool alone = true;                     // no other lane works on the job
};

// Until no range is free, or the time is up. `between`: as for engine::Backfiller. REQUIRES: no unit open.
engine::LaneResult WalkLane(engine::Session& session, const LaneOrder& order, bool speaks,
                            std::function<void()> between);

// The same in a process of its own. What it does is told by whoever asks for it, not by the job's row: that may have
// been written by somebody else.
inline constexpr char kLaneVerb[] = "backfill lane";
void Exchange(pg::RequestFields& fields, LaneOrder& order);
std::int64_t LaneInWorker(const pg::WorkerRequest& request);

}  // namespace headway::server
