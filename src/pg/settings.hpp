// The settings headway.*: defined when the library is loaded, read through these accessors.
#pragma once

#include <cstdint>

namespace headway::pg {

void DefineSettings();

std::int64_t LockTimeoutMs();
std::int64_t LockRetryMs();

}  // namespace headway::pg
