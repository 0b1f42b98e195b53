// What a statement that commits by itself leaves behind when it is stopped half-way: the INVALID index of a CREATE
// INDEX CONCURRENTLY (IF NOT EXISTS would take it for done), the pending state of a DETACH PARTITION CONCURRENTLY.
#pragma once

#include "pg/guard.hpp"

namespace headway::pg {

// For a CREATE INDEX CONCURRENTLY with a name: the statement that drops its leftover, or empty when there is none. An
// index that somebody else is building just now is no leftover: that is a lock error (55P03), to be tried again.
// REQUIRES: a transaction.
std::string DropStatementForInvalidIndex(const std::string& create_statement);

// For a DETACH PARTITION CONCURRENTLY whose partition is half detached: the statement that finishes it; empty for
// everything else. REQUIRES: a transaction.
std::string FinalizeStatementForPendingDetach(const std::string& statement);

}  // namespace headway::pg
