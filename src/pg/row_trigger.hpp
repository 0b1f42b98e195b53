// A BEFORE ... FOR EACH ROW trigger function's view of the row it guards.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// The value of a column of the new row as text; nothing when it is NULL.
// REQUIRES: `call` is a BEFORE ROW trigger for INSERT or UPDATE.
std::optional<std::string> NewRowField(FunctionCallInfo call, const char* column);
// The same of the old row; nothing on INSERT.
std::optional<std::string> OldRowField(FunctionCallInfo call, const char* column);
// Whether the column has the value that it had. On INSERT it had none.
bool IsAsBefore(FunctionCallInfo call, const char* column);
// What the trigger returns to let the new row pass, with oids in some of its columns.
struct OidColumn {
  const char* name;
  Oid value;
};
Datum PassNewRow(FunctionCallInfo call, const std::vector<OidColumn>& columns);

}  // namespace headway::pg
