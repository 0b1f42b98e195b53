// A background worker that does one job for one waiting backend (its leader).
//
// The leader puts the request, its settings and a message queue into a shared memory segment, starts the worker and
// waits. The worker connects as the same user with the same settings. Its notices and its error travel through the
// queue with every field and come out in the leader as if they had happened there; so does its result.
// When the leader goes, for whatever reason, the worker is told to stop; when the worker goes, the leader notices.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/error.hpp"
#include "pg/process/worker_request.hpp"

namespace headway::pg {

// Leader: runs the request to its end and returns its result. Relays notices on the way; throws the worker's error.
// A cancel of the leader cancels the worker and waits for it, so that its locks are gone when the error comes out.
// REQUIRES: no snapshot held by this backend.
std::int64_t RunInWorker(const WorkerRequest& request);

// Worker: what carries requests out; commands/worker_jobs registers it.
using WorkerBody = std::int64_t (*)(const WorkerRequest& request);
void SetWorkerBody(WorkerBody body);

// The address of the client that has called, also in a worker; empty: a socket of this host, or no client. REQUIRES: a
// transaction.
std::string ClientAddress();

// The process that has called: the leader, in a worker.
int CallerPid();

// Whether this process is such a worker.
bool InWorker();

// What pg_stat_activity and the server's log show as the query of a worker.
void ShowActivity(const std::string& text);

// Worker: the error that made the leader cancel us, or that we have been terminated; nothing: neither.
std::optional<core::ErrorReport> WhyStopped();

// Whether it is the whole server that is being shut down.
bool ServerIsStopping();

// Worker: takes on the leader's settings and role again, whatever a script has made of them.
// REQUIRES: no transaction open.
void RestoreLeaderState();
// Worker: the bracket in which our own queries run after a script's statement has changed the role.
// REQUIRES: a transaction; pair with CloseSettings() of pg/session_settings.hpp.
int EnterLeaderRole();

}  // namespace headway::pg
