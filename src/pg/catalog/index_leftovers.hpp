// What a statement that commits by itself leaves behind when it is stopped half-way: the INVALID index of a CREATE
// INDEX CONCURRENTLY (IF NOT EXISTS would take it for done), those of a REINDEX CONCURRENTLY (name_ccnew that is not
// through, name_ccold that was not dropped), the pending state of a DETACH PARTITION CONCURRENTLY.
#pragma once

#include "core/statement.hpp"
#include "pg/types.hpp"

namespace headway::pg {

struct IndexLeftover {
  std::string index;           // its name, without the schema
  std::string drop_statement;  // drops it concurrently
};

// For a CREATE INDEX CONCURRENTLY with a name, a REINDEX ... CONCURRENTLY: what a try of it has left on its table, the
// table's partitions and their TOAST tables; for a schema or the database, on all tables there that are the user's own.
// An index that somebody else is building just now is no leftover: on the one table that is asked for, that is a lock
// error (55P03), to be tried again; elsewhere it is left alone. REQUIRES: a transaction.
std::vector<IndexLeftover> InvalidIndexesOf(const core::Statement& statement);

// For a DETACH PARTITION CONCURRENTLY whose partition is half detached: the statement that finishes it; empty for
// everything else. REQUIRES: a transaction.
std::string FinalizeStatementForPendingDetach(const core::Statement& statement);

}  // namespace headway::pg
