#include "pg/session_settings.hpp"

#include <algorithm>

#include "pg/compat.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "storage/proc.h"
}

namespace headway::pg {

int OpenSettings() {
  return Guarded([] { return NewGUCNestLevel(); });
}

void CloseSettings(int level) {
  // isCommit = false: plain SETs are undone too, which a function's SET clause would let through.
  Guarded([&] { AtEOXact_GUC(false, level); });
}

void SetInBracket(const char* name, const std::string& value) {
  Guarded([&] {
    (void)set_config_option(name, value.c_str(), PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, ERROR, false);
  });
}

void BoundLockWaits(std::int64_t milliseconds, bool for_session) {
  const GucAction action = for_session ? GUC_ACTION_SET : GUC_ACTION_SAVE;
  const std::string lock = std::to_string(milliseconds);
  const std::string deadlock = std::to_string(std::max<std::int64_t>(1, milliseconds / 2));
  Guarded([&] {
    (void)set_config_option("lock_timeout", lock.c_str(), PGC_USERSET, PGC_S_SESSION, action, true, ERROR, false);
    if (milliseconds == 0 || milliseconds / 2 >= DeadlockTimeout) return;
    // A superuser's setting, but here it is not the user who sets it.
    (void)set_config_option("deadlock_timeout", deadlock.c_str(), PGC_SUSET, PGC_S_SESSION, action, true, ERROR, false);
  });
}

void SetSessionSetting(const char* name, const std::string& value) {
  Guarded([&] { SetConfigOption(name, value.c_str(), PGC_USERSET, PGC_S_SESSION); });
}

std::string GetSetting(const char* name) {
  const char* value = Guarded([&] { return GetConfigOption(name, false, false); });
  return value;
}

}  // namespace headway::pg
