// Where a relation's rows are.
#pragma once

#include <string>
#include <vector>

#include "pg/types.hpp"

namespace headway::pg {

// A number that changes when the relation is rewritten; 0 when it has no storage or is gone. REQUIRES: a transaction.
std::uint64_t StorageOf(Oid relation);
// Whether new versions of its rows can stay on their pages without entries in indexes (HOT) when these columns change:
// none of them is indexed, nor in an index's expression or predicate, nor is a column that is generated from them.
// REQUIRES: a transaction.
bool MayBeHot(Oid table, const std::vector<std::string>& columns);
// Whether it has rows, and had them before this transaction. REQUIRES: a transaction that has locked it.
bool HoldsEarlierRows(Oid relation);

}  // namespace headway::pg
