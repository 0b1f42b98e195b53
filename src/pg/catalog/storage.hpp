// Where a relation's rows are.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// A number that changes when the relation is rewritten; 0 when it has no storage or is gone. REQUIRES: a transaction.
std::uint64_t StorageOf(Oid relation);
// Whether it has rows, and had them before this transaction. REQUIRES: a transaction that has locked it.
bool HoldsEarlierRows(Oid relation);

}  // namespace headway::pg
