// The table-level locks that a statement is going to take, worked out from its text without running it.
//
// Only relations that exist are known, by the names that resolve now; what a statement creates, what a function or a
// DO block does inside, and what triggers and foreign keys lock while rows are written, is not. System catalogs and
// TOAST tables are left out, and so are the indexes of a table that is locked itself, unless the statement works on
// them alone or more strongly (REINDEX).
#pragma once

#include "pg/locks/lock_need.hpp"

namespace headway::pg {

// The strongest mode on each relation, ordered by oid: whoever takes them in this order meets no deadlock with another
// who does. Nothing is locked and no name has to exist. A syntax error is thrown.
// REQUIRES: a transaction.
std::vector<LockNeed> LockNeedsOf(const std::string& statement);

// A mode in the words of the manual: ACCESS EXCLUSIVE.
std::string LockModeName(int mode);
// The other way round, in any case, also AccessExclusiveLock; nothing for what is no mode.
std::optional<int> LockModeByName(const std::string& name);

}  // namespace headway::pg
