// Transactions and savepoints.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// --- Top level: for a worker, which owns its transactions. ---

// Opens a transaction block: statements that cannot run in one are refused by the server itself.
void BeginBlock();
void CommitBlock();
// Opens a plain transaction, in which one statement may run at top level.
void BeginSingle();
// The same for one that ends and begins transactions by itself. REQUIRES: it runs nobody's code, but as the server does
// for an index: shut in there. Our own shutting in must not reach into its next transaction.
void BeginSelfCommitting();
void CommitSingle();
// Never throws; harmless when no transaction is open.
void AbortTransaction() noexcept;
bool InTransaction();
// Another one for each transaction of this session.
std::uint32_t CurrentTransactionNumber();

// From now on what runs in a block or a single transaction cannot leave the role that is set now, by whatever way: SQL,
// set_config(), in a function, in a trigger that the commit fires. The server refuses it as in a security definer
// function.
void ShutRoleIn();
void LetRoleOut();
bool IsRoleShutIn();

// --- Savepoints: inside the transaction of the caller. ---

struct Savepoint {
  MemoryContextData* context = nullptr;
  ResourceOwnerData* owner = nullptr;
  bool open = false;
};
Savepoint OpenSavepoint();
void ReleaseSavepoint(Savepoint& savepoint);
void RollbackSavepoint(Savepoint& savepoint) noexcept;

}  // namespace headway::pg
