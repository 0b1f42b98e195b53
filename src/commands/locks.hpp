// Looking at locks: those a script will take, and who is in the way of one.
#pragma once

#include <string>
#include <vector>

#include "core/blocker.hpp"

namespace headway::server {

struct StatementLock {
  int statement = 0;  // its number in the script, from 1
  int line = 0;
  std::string relation;  // schema-qualified
  std::string mode;      // ACCESS EXCLUSIVE
};

// The locks of each statement, by the relations that exist now. Runs nothing; refuses what no script may contain.
std::vector<StatementLock> LocksOfScript(const std::string& script);

// Who is in the way of a lock on a relation (an oid). `mode`: ACCESS EXCLUSIVE, AccessExclusiveLock, ...; or
// CONCURRENTLY: whom such a statement on the relation has to wait for, holders of old snapshots included.
std::vector<core::Blocker> WhoBlocks(unsigned int relation, const std::string& mode);

}  // namespace headway::server
