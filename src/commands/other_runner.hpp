// A database that another tool has migrated and that nobody has taken over yet: to run its revisions from the beginning
// would do everything twice.
#pragma once

#include <string>

namespace headway::server {

struct OtherRunner {
  std::string tool;
  std::string table;  // schema.name
};

// The other tool whose table names revisions that are registered here, while none has ever been run or stamped; with an
// empty `tool` there is none. REQUIRES: a transaction.
OtherRunner FindOtherRunner();

// What to do about it.
std::string TakeOverHint(const OtherRunner& other);

// Throws when there is one. Takes no lock that outlives it.
void RequireTakenOver();

}  // namespace headway::server
