// What the engine needs from the world, as interfaces: src/adapters implements them on the server, the unit tests fake
// them. Everything may throw core::Error; an interrupt (cancel) arrives as one with SQLSTATE 57014.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/revision.hpp"
#include "core/statement.hpp"
#include "core/surroundings.hpp"

namespace headway::engine {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t NowMs() = 0;                   // wall clock, milliseconds since 1970
  virtual std::int64_t NowUs() = 0;                   // for short lengths of time
  virtual void Sleep(std::int64_t milliseconds) = 0;  // holds nothing; throws on an interrupt
  virtual double Random() = 0;                        // uniform in [0, 1)
};

class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual void Notice(const std::string& message, const std::string& detail = {}, const std::string& hint = {}) = 0;
  // What this process is doing now, for pg_stat_activity.
  virtual void Activity(const std::string& what) = 0;
};

enum class LockOutcome {
  kTaken,  // all that is known of: what the statement locks besides cannot be seen in its text
  kBusy,   // never free, but those who hold it come and go: a place in the queue will be served soon
  kHeld,   // by a transaction that was there all the time: whoever queues behind it stalls everyone
};

// The transactions of a run. Two kinds: the worker's, where a unit is a transaction of its own, and the caller's,
// where a unit is a savepoint in the transaction that the caller has open.
class Session {
 public:
  virtual ~Session() = default;
  virtual bool owns_transactions() const = 0;
  // One line for the user on what is kept when, and why it runs in this way (may be empty).
  virtual std::string CommitPolicy() const = 0;
  virtual core::Surroundings WhyThisMode() const = 0;

  virtual void Begin() = 0;
  virtual void Commit() = 0;
  virtual void Rollback() = 0;  // undoes the unit that is open, if one is; never throws

  // Names the script that is to run, "upgrade of revision def456", for whatever it calls.
  virtual void Enter(const std::string& script) = 0;

  // Tries for the locks of a statement without waiting in a queue for them, for at most this long. What it got is held
  // to the end of the unit. REQUIRES: an open unit.
  virtual LockOutcome Hover(const core::Statement& statement, std::int64_t hover_ms) = 0;
  // Who was in the way of the lock that was not to be had last, for messages; empty: nobody is any more. REQUIRES: an
  // open unit.
  virtual std::string DescribeBlockers() = 0;

  // Not empty: the unit that was rolled back last held a lock that blocks reads for too long, and was cancelled
  // for it. The text says which and how long.
  virtual std::string HeldTooLong() = 0;

  // Whether another session waits for what the open unit has changed.
  virtual bool SomebodyWaits() = 0;

  // Opens the bracket in which a script runs: its settings are undone by EndScript, its waits for locks are bounded.
  virtual void BeginScript(std::int64_t lock_timeout_ms) = 0;
  virtual void RunStatement(const core::Statement& statement) = 0;
  virtual void EndScript() = 0;

  // Runs a statement that cannot be in a transaction block. On return its last transaction is still open, so that
  // what is recorded before Commit() is recorded together with its success. Throws when an index of the name that it
  // makes CONCURRENTLY exists and is another one.
  // REQUIRES: owns_transactions(), no unit open.
  virtual void RunTopLevel(const core::Statement& statement, std::int64_t lock_timeout_ms) = 0;

  // Gives the session back to its state before the revision: settings, role, temporary objects, advisory locks.
  // REQUIRES: owns_transactions(), no unit open.
  virtual void ResetState() = 0;

  // Drops the INVALID indexes that a failed try of this CONCURRENTLY statement left behind; returns their names.
  // REQUIRES: owns_transactions(), no unit open.
  virtual std::vector<std::string> DropInvalidIndexes(const core::Statement& statement) = 0;

  // Throws when the locks held by this transaction come near to what the server's lock table holds.
  virtual void RequireLockSpace() = 0;
};

// What the store knows of a revision that a plan wants to run, without its scripts.
struct StepFacts {
  std::string revision;
  bool reversible = false;  // its downgrade is not NULL
  bool upgrade_in_transaction = true;
  bool downgrade_in_transaction = true;
  std::string registered_by;
  // Whose privileges its script would get at, though whoever registered it has not got them; empty: nobody's.
  std::string role_at_risk;
  bool is_current_user_at_risk = false;  // else a role that the current one can go back to
};

struct HistoryEntry {
  std::int64_t id = 0;  // 0: a new row
  std::string revision;
  std::string direction;  // upgrade, downgrade, stamp
  std::string result;     // done, failed, cancelled, running, interrupted
  std::int64_t started_ms = 0;
  int lock_tries = 1;
  int statement = 0;  // the statement that failed, from 1; 0: none
  int line = 0;
  core::ErrorReport error;
};

// A revision that runs statement by statement and has not come to its end.
struct Progress {
  std::string script;
  std::int64_t statements_done = 0;  // as the table says: anybody who may write there may have written it
};

// The server's parser. REQUIRES: an open unit for each call.
class ScriptReader {
 public:
  virtual ~ScriptReader() = default;
  // `what` names the script in messages.
  virtual core::Script Read(const std::string& text, const std::string& what) = 0;
  // With how many equal statements both begin; white space, comments and line ends do not count.
  virtual std::int64_t CountEqual(const std::string& left, const std::string& right) = 0;
  // Whether a statement is certain to use a value of an enum.
  virtual bool UsesEnumValue(const std::string& statement, const core::ObjectName& type, const std::string& value) = 0;
};

// The tables of the schema headway. REQUIRES: an open unit for each call.
class RevisionStore {
 public:
  virtual ~RevisionStore() = default;
  virtual std::vector<core::Revision> LoadRevisions() = 0;
  virtual core::Heads LoadHeads() = 0;
  virtual std::vector<StepFacts> LoadFacts(const std::vector<std::string>& revisions) = 0;
  virtual std::string LoadScript(const std::string& revision, core::Direction direction) = 0;

  // Throws kVersionMismatch when the rows are not what the step expects.
  virtual void ChangeHeads(const core::Heads& removed, const core::Heads& added) = 0;
  // The same for a stamp, which says what is true instead of going on from it: what mirrors the heads follows them,
  // whatever it held.
  virtual void StampHeads(const core::Heads& removed, const core::Heads& added) = 0;
  // Throws kVersionMismatch when what mirrors the heads holds something else.
  virtual void RequireMirrorInStep(const core::Heads& heads) = 0;

  // Writes a row of headway.history, or rewrites the one that `entry.id` names; returns its id.
  virtual std::int64_t Record(const HistoryEntry& entry) = 0;
  // What a run that ended without a word has left as running becomes interrupted.
  virtual void CloseInterrupted() = 0;

  virtual std::optional<Progress> LoadProgress(const std::string& revision, core::Direction direction) = 0;
  virtual void SaveProgress(const std::string& revision, core::Direction direction, const Progress& progress) = 0;
  virtual void DeleteProgress(const std::string& revision, core::Direction direction) = 0;
};

// Held by one at a time: the run of a database, the operation on a table. It ends with the worker, or with the caller's
// transaction.
class Mutex {
 public:
  virtual ~Mutex() = default;
  virtual bool TryAcquire() = 0;             // REQUIRES: an open unit
  virtual std::string DescribeHolder() = 0;  // REQUIRES: an open unit
};

struct Ports {
  Session& session;
  RevisionStore& store;
  ScriptReader& reader;
  Mutex& lock;
  Clock& clock;
  Reporter& reporter;
};

}  // namespace headway::engine
