// A BEFORE ... FOR EACH ROW trigger function's view of the row it guards.
#pragma once

#include "pg/guard.hpp"

namespace headway::pg {

// The value of a column of the new row as text; nothing when it is NULL.
// REQUIRES: `call` is a BEFORE ROW trigger for INSERT or UPDATE.
std::optional<std::string> NewRowField(FunctionCallInfo call, const char* column);
// What the trigger returns to let the new row pass.
Datum PassNewRow(FunctionCallInfo call);

}  // namespace headway::pg
