// The INVALID index that a failed CREATE INDEX CONCURRENTLY leaves behind: IF NOT EXISTS would take it for done.
#pragma once

#include "pg/guard.hpp"

namespace headway::pg {

// For a CREATE INDEX CONCURRENTLY with a name: the statement that drops its leftover, or empty when there is none. An
// index that somebody else is building just now is no leftover: that is a lock error (55P03), to be tried again.
// REQUIRES: a transaction.
std::string DropStatementForInvalidIndex(const std::string& create_statement);

}  // namespace headway::pg
