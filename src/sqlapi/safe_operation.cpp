// safe_*(): one entry point for all operations; the name of the SQL function says which.
#include "commands/safe_operation.hpp"
#include "pg/entry_point.hpp"
#include "pg/function_call.hpp"

namespace server = headway::server;

HEADWAY_FUNCTION(safe_operation) { return Int32GetDatum(static_cast<int32>(server::Operate(fcinfo))); }
