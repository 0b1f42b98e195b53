// What stands around a call of ours: is it a statement of its own, so that it can let go of its snapshot?
//
// A plain SELECT holds a snapshot while it runs. A caller that waits with one makes CREATE INDEX CONCURRENTLY wait for
// it for ever, and keeps VACUUM and pruning from removing anything. In READ COMMITTED nothing forbids a statement to
// go on with a newer snapshot, so a call that is alone in its statement and transaction gives its snapshot back for
// the time of the wait and takes a new one at the end.
#pragma once

#include "core/surroundings.hpp"
#include "pg/types.hpp"

namespace headway::pg {

// Why a call is not a statement of its own.
core::Surroundings SurroundingsOf(FunctionCallInfo fcinfo);
// The same when the session holds a snapshot that is not the call's.
core::Surroundings OtherSnapshot();

// Why nothing may be written here at all (a standby, a READ ONLY transaction); raises the error.
void RequireWritable(const char* function);

// Gives the caller's snapshot back between construction and Restore(), and lets go of the lock on its virtual
// transaction. When the wait ends by an error there is nothing
// to restore: the transaction is over. REQUIRES: SurroundingsOf() was empty.
class SnapshotRelease {
 public:
  SnapshotRelease();
  // Some other snapshot of this session is still held (a cursor WITH HOLD, say): waiting would block the worker.
  bool complete() const { return complete_; }
  void Restore();

 private:
  bool complete_ = false;
  bool unlocked_ = false;  // our virtual transaction
};

}  // namespace headway::pg
