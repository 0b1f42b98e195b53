// What holds a backfill back between two batches: its time window, standbys that are behind, the archiver, the WAL
// rate.
//
// A look costs microseconds and needs no transaction; each process has a throttle of its own, which remembers what it
// has seen. How far behind a standby is, is known since the throttle was made.
#pragma once

#include "engine/throttle.hpp"

namespace headway::server {

// Throws 22023, with the argument's name, when a limit cannot be understood.
void CheckLimits(const engine::BackfillSettings& settings);

// For one lane, from its beginning to its end. A look throws 22023 for settings that CheckLimits() would refuse.
engine::Throttle MakeThrottle();

}  // namespace headway::server
