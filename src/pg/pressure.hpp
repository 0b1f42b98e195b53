// What the server has to carry, read from its shared memory and its folders: no query, microseconds, no transaction
// needed. What is said here is of this moment, and may be over in the next.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time_window.hpp"
#include "pg/types.hpp"

namespace headway::pg {

// A standby that is connected: one that applies what it gets. Neither a copy of the WAL alone (pg_receivewal), nor a
// backup that is being taken, nor a subscription.
struct Standby {
  int pid = 0;                // of the process here that serves it
  std::uint64_t applied = 0;  // position up to which it has said to have applied
  std::optional<std::int64_t> measured_ms;
};

std::vector<Standby> Standbys();
// Logical replication slots, whether somebody reads them or not.
struct LogicalSlot {
  std::string name;
  std::uint64_t confirmed = 0;  // position up to which its reader has said to have all
};
std::vector<LogicalSlot> LogicalSlots();

// Sessions that are at work now, in all databases. Whoever waits in an extension (for a worker of ours, for instance)
// is not.
int ActiveSessions();
// Whether autovacuum analyzes a table of this database: it has a snapshot meanwhile, for seconds.
bool AutovacuumAnalyzes();
// Checkpoints that were begun for the sake of WAL, or by hand, since the server began to count.
std::int64_t RequestedCheckpoints();

// What a session calls itself; empty when it is gone or says nothing.
std::string ApplicationName(int pid);
// Whether the server tells this user which standbys there are. Opens a transaction for that when none is open.
bool MaySeeStandbys();

// Positions in the WAL: up to where it is on disk (no standby can have more), and up to where it is written at all.
std::uint64_t FlushedPosition();
std::uint64_t InsertedPosition();

// Bytes of WAL that this process has written since it began.
std::int64_t OwnWal();

// The transaction that is open, once it has written something; 0: it has not. And whether what it has replaced could be
// taken away by now, of a table: it has ended, and no snapshot is older. REQUIRES: a transaction.
std::uint32_t WritingTransaction();
bool IsBehindAllSnapshots(Oid table, std::uint32_t transaction);

// How many files wait for the archiver; 0 when nothing is archived. It reads a folder: not for every batch.
std::int64_t FilesToArchive();

// How many background workers may be started still, others permitting.
int FreeWorkerSlots();

// By the session's TimeZone.
core::LocalTime LocalNow();

}  // namespace headway::pg
