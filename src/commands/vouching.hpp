// The trigger on headway.revision: nobody writes a revision in the name of a role whose rights he does not have.
#pragma once

#include "pg/guard.hpp"

namespace headway::server {

Datum CheckVoucher(FunctionCallInfo call);

}  // namespace headway::server
