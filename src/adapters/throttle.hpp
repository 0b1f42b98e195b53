// What holds a backfill back between two batches: its time window, standbys and logical slots that are behind, the
// archiver, the WAL rate, checkpoints that follow each other too closely, old snapshots, sessions at work.
//
// A look costs microseconds and needs no transaction; each process has a throttle of its own, which remembers what it
// has seen. How far behind a standby is, is known since the throttle was made.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "engine/throttle.hpp"

namespace headway::server {

// Throws 22023, with the argument's name, when a limit cannot be understood.
void CheckLimits(const engine::BackfillSettings& settings);

// The oldest snapshot of others, and whose it is; 0: there is none. With nothing open.
using OldestSnapshotText = std::function<std::pair<std::uint32_t, std::string>()>;

// For one lane, from its beginning to its end. `reuses_room`: it updates, and counts on old versions being taken away.
// A look throws 22023 for settings that CheckLimits() would refuse.
engine::Throttle MakeThrottle(OldestSnapshotText oldest, bool reuses_room);

}  // namespace headway::server
