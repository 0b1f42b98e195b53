// After a start of the server, also after a crash: goes on with what was at work when it stopped (headway.autoresume).
//
// When the library is preloaded, a process is registered with the postmaster. It has one look into each database, by a
// process of its own; that one lists what was left behind and starts a worker for each, which logs in as whoever had
// called: from there on nothing of the superuser's is left.
#pragma once

#include <string>
#include <vector>

#include "pg/process/worker_request.hpp"
#include "pg/types.hpp"

namespace headway::pg {

struct LeftBehind {
  std::string title;  // for the server's log
  Oid session_user = kNoOid;
  Oid role = kNoOid;
  WorkerRequest request;
};

// REQUIRES: called from _PG_init.
void RegisterResumption();
// What lists it. Runs in a transaction, as the superuser that the cluster was made by.
using LeftBehindList = std::vector<LeftBehind> (*)();
void SetLeftBehindList(LeftBehindList list);

}  // namespace headway::pg
