// The indexes of a table as the catalog has them. The server's own list is of an open relation, and opening takes a
// lock.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// Their oids; those that are not valid, too. REQUIRES: inside a guard.
List* IndexesOf(Oid table);

}  // namespace headway::pg
