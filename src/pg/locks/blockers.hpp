// Who is in the way: holders of locks and of old snapshots, from the server's views.
//
// REQUIRES, for all: a transaction. Nothing is locked; what is found may be over a moment later.
#pragma once

#include "core/blocker.hpp"
#include "pg/types.hpp"

namespace headway::pg {

// Those that hold a conflicting mode on the relation, and those that queue for one; each with whom it waits for
// itself. This session is left out.
std::vector<core::Blocker> BlockersOf(Oid relation, int mode);

// Those that a waiting session waits for; none when it does not wait.
std::vector<core::Blocker> BlockersOfPid(int pid);

// The one whose end a row that it has changed, or something else of it, is waiting for.
std::vector<core::Blocker> BlockersOfTransaction(TransactionId transaction);

// A session, by itself; 0: a prepared transaction, of which nothing is known.
core::Blocker SessionOf(int pid);

// The transactions of this database with a snapshot or a transaction id, oldest first, prepared ones too: what a
// CONCURRENTLY statement waits for, and what keeps dead rows from being removed.
std::vector<core::Blocker> OldestSnapshots();

}  // namespace headway::pg
