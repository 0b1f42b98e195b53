// A safe_* operation: from its SQL function to the worker that does its phases.
#pragma once

#include "pg/process/worker.hpp"
#include "pg/types.hpp"

namespace headway::server {

// Returns the number of phases that had something to do.
std::int64_t Operate(FunctionCallInfo call);

inline constexpr char kOperationVerb[] = "operation";
std::int64_t OperateInWorker(const pg::WorkerRequest& request);

// Whether a function commits by itself: the safe_* functions do.
bool HasOwnTransactions(std::string_view function);

}  // namespace headway::server
