// Whether the index that exists under a name is the one that a statement asks for.
//
// IF NOT EXISTS looks at the name only: a run would go on with an index on another table, of other columns, not unique.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// For a CREATE INDEX IF NOT EXISTS: throws 42P07 when what has the name is not an index, is an index of another table,
// or differs in access method, columns, expressions, order, operator classes, collations, predicate or uniqueness.
// Storage parameters and the tablespace may differ. For everything else, and when the name is free, does nothing.
// REQUIRES: a transaction.
void RequireSameIndex(const std::string& statement);

// For a CREATE INDEX: throws what the server would say of its expressions, its condition and its operator classes.
// REQUIRES: a transaction.
void RequireIndexable(const std::string& statement);

}  // namespace headway::pg
