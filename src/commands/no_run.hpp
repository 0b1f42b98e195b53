// What must not change while a migration run is in progress: the run may be using it, in a transaction that we cannot
// see yet.
#pragma once

#include <string>

namespace headway::server {

// Throws `refusal` (55P03) while there is a run; otherwise none begins until the end of this transaction.
// REQUIRES: a transaction.
void RequireNoRun(const std::string& refusal, const char* hint);

}  // namespace headway::server
