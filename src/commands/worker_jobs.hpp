// What a worker can be asked to do.
#pragma once

#include "pg/process/worker.hpp"

namespace headway::server {

// In a worker: carries out a request. Installed when the library is loaded.
std::int64_t RunWorkerRequest(const pg::WorkerRequest& request);

}  // namespace headway::server
