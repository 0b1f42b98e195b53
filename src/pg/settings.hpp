// The settings headway.*: defined when the library is loaded, read through these accessors.
#pragma once

#include <cstdint>
#include <string>

namespace headway::pg {

void DefineSettings();

std::int64_t HoverMs();
std::int64_t LockTimeoutMs();
std::int64_t LockTimeoutMaxMs();
std::int64_t LockRetryMs();
std::int64_t ConcurrentlyTimeoutMs();
std::int64_t MaxLockHoldMs();
// Files; 0: no limit.
std::int64_t MaxArchiveBacklog();
std::int64_t MinCheckpointGapMs();
std::int64_t KeepHistoryDays();
// 0: no limit.
std::int64_t MaxRowTries();
// Whether backfills that were at work when the server stopped go on when it starts.
bool ResumesAfterRestart();
// Empty: there is none.
std::string MirrorVersionTable();

}  // namespace headway::pg
