// Settings of the session: set and read, and the brackets that undo what happens to them inside.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// Everything set after OpenSettings(), SET LOCAL or not, is undone by CloseSettings(). An aborted transaction undoes it
// as well. REQUIRES: a transaction.
int OpenSettings();
void CloseSettings(int level);
// Sets a setting for the session, in or out of a transaction, and reads one.
void SetSessionSetting(const char* name, const std::string& value);
std::string GetSetting(const char* name);
// Sets a setting until the bracket that is open around it is closed.
void SetInBracket(const char* name, const std::string& value);
// lock_timeout for the session, or until the bracket is closed. Autovacuum gives way to whoever has waited for
// deadlock_timeout: it is made shorter too, or a short wait would never get past a running autovacuum.
void BoundLockWaits(std::int64_t milliseconds, bool for_session);

}  // namespace headway::pg
