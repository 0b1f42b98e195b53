#include "adapters/sessions.hpp"

#include <algorithm>

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/backend.hpp"
#include "pg/catalog/index_definition.hpp"
#include "pg/catalog/index_leftovers.hpp"
#include "pg/locks/lock_table.hpp"
#include "pg/process/portal.hpp"
#include "pg/process/runner_lock.hpp"
#include "pg/process/session_objects.hpp"
#include "pg/process/worker.hpp"
#include "pg/session_settings.hpp"
#include "pg/settings.hpp"

namespace headway::server {

namespace {

int scripts_running = 0;
char script_name[256] = "";  // plain storage: nothing computes before or after main

void NameScript(const std::string& script) { script_name[script.copy(script_name, sizeof(script_name) - 1)] = '\0'; }

class ScriptMark {
 public:
  ScriptMark() { ++scripts_running; }
  ScriptMark(const ScriptMark&) = delete;
  ScriptMark& operator=(const ScriptMark&) = delete;
  ~ScriptMark() { --scripts_running; }
};

// A script that gives up our lock (pg_advisory_unlock_all()) must not let a second run in.
void KeepRunnerLock() {
  if (!pg::HoldsRunnerLock() && !pg::TryRunnerLock(true)) {
    throw core::Error(core::sqlstate::kObjectNotInPrerequisiteState, "the script has released the runner lock");
  }
}

}  // namespace

bool ScriptIsRunning() { return scripts_running > 0; }

void RequireOutsideScript(const char* function) {
  if (!ScriptIsRunning()) return;
  throw core::Error(core::sqlstate::kNestedRun, core::Format("%1%() cannot be called by a revision", function),
                    "A run is in progress, and this call comes from a script that it runs.",
                    "Express the order of revisions with down_revision and depends_on instead.");
}

std::string RunningScript() { return ScriptIsRunning() ? script_name : std::string(); }

void GuardedSession::Enter(const std::string& script) { NameScript(script); }

engine::LockOutcome GuardedSession::Hover(const core::Statement& statement, std::int64_t hover_ms) {
  return guard_.Hover(statement, hover_ms);
}

void GuardedSession::BeginScript(std::int64_t lock_timeout_ms) {
  bracket_ = pg::OpenSettings();
  lock_timeout_ms_ = lock_timeout_ms;
  pg::BoundLockWaits(lock_timeout_ms, false);
}

void WorkerSession::Begin() {
  pg::BeginBlock();
  block_ = true;
  script_ran_ = code_ran_ = false;
}

void WorkerSession::Commit() {
  guard_.Release();
  if (bracket_ != 0) EndScript();
  if (block_) {
    pg::CommitBlock();
  } else {
    pg::CommitSingle();
  }
  block_ = false;
  suspended_timeout_.clear();
  if (script_ran_) DropLeftovers();
}

void WorkerSession::Rollback() {
  guard_.Release();
  pg::AbortTransaction();
  block_ = false;
  bracket_ = 0;
  try {
    ResumeLockTimeout();
    suspended_timeout_.clear();
    // Advisory locks, prepared statements and cursors survive an abort.
    if (code_ran_) DropLeftovers();
  } catch (...) {
    // Called while an exception is on its way: a second one would end the server.
  }
}

void WorkerSession::DropLeftovers() {
  pg::DropSessionObjects();
  if (code_ran_) pg::ReleaseAdvisoryLocks();
  script_ran_ = code_ran_ = false;
}

void WorkerSession::RunStatement(const core::Statement& statement) {
  ScriptMark mark;
  script_ran_ = true;
  code_ran_ = code_ran_ || statement.runs_code;
  guard_.Run(statement, true, lock_timeout_ms_);
  if (statement.runs_code) KeepRunnerLock();
}

void WorkerSession::EndScript() {
  pg::CloseSettings(bracket_);
  bracket_ = 0;
  if (script_ran_) pg::DropTemporaryObjects();
}

void WorkerSession::RunTopLevel(const core::Statement& statement, std::int64_t lock_timeout_ms) {
  ScriptMark mark;
  const bool concurrent = statement.kind == core::StatementClass::kConcurrently;
  if (concurrent) {
    Begin();
    pg::RequireSameIndex(statement.text);
    Commit();
  }
  if (concurrent || lock_timeout_ms == 0) {
    SuspendLockTimeout(lock_timeout_ms);
  } else if (our_timeout_.empty() || pg::GetSetting("lock_timeout") == our_timeout_) {
    pg::BoundLockWaits(lock_timeout_ms, true);
    our_timeout_ = pg::GetSetting("lock_timeout");
  }
  BeginTopLevel(statement.kind);
  // A try that was stopped half-way through a DETACH has done what cannot be done again.
  const std::string rest = concurrent ? pg::FinalizeStatementForPendingDetach(statement) : std::string();
  core::Statement run = statement;
  if (!rest.empty()) run.text = rest;
  guard_.Run(run, true, lock_timeout_ms);
  if (statement.runs_code) KeepRunnerLock();
  ResumeLockTimeout();
  bracket_ = pg::EnterLeaderRole();
}

// Code that is shut in a role must not begin a transaction of its own (CALL, DO), in which it would not be.
void WorkerSession::BeginTopLevel(core::StatementClass kind) {
  if (kind == core::StatementClass::kConcurrently || kind == core::StatementClass::kTopLevel) {
    pg::BeginSelfCommitting();
  } else if (kind == core::StatementClass::kTransactional && pg::IsRoleShutIn()) {
    pg::BeginBlock();
    block_ = true;
  } else {
    pg::BeginSingle();
  }
}

void WorkerSession::SuspendLockTimeout(std::int64_t meanwhile_ms) {
  suspended_timeout_ = pg::GetSetting("lock_timeout");
  pg::SetSessionSetting("lock_timeout", std::to_string(meanwhile_ms));
}

void WorkerSession::ResumeLockTimeout() {
  if (!suspended_timeout_.empty()) pg::SetSessionSetting("lock_timeout", suspended_timeout_);
}

void WorkerSession::ResetState() {
  pg::BeginSingle();
  pg::DropTemporaryObjects();
  pg::CommitSingle();
  pg::DropSessionObjects();
  pg::ReleaseAdvisoryLocks();
  pg::RestoreLeaderState();
  our_timeout_.clear();
}

std::vector<std::string> WorkerSession::DropInvalidIndexes(const core::Statement& statement) {
  Begin();
  const std::vector<pg::IndexLeftover> leftovers = pg::InvalidIndexesOf(statement);
  Commit();
  std::vector<std::string> dropped;
  for (const pg::IndexLeftover& leftover : leftovers) {
    SuspendLockTimeout(pg::ConcurrentlyTimeoutMs());
    pg::BeginSelfCommitting();
    pg::RunStatement(leftover.drop_statement, true);
    pg::CommitSingle();
    ResumeLockTimeout();
    suspended_timeout_.clear();
    dropped.push_back(leftover.index);
  }
  return dropped;
}

void CallerSession::Begin() { savepoint_ = pg::OpenSavepoint(); }

void CallerSession::Commit() {
  guard_.Release();
  pg::ReleaseSavepoint(savepoint_);
}

void CallerSession::Rollback() {
  guard_.Release();
  bracket_ = 0;
  pg::RollbackSavepoint(savepoint_);
  if (objects_before_) DropLeftovers();
  objects_before_.reset();
}

// Prepared statements and advisory locks survive a rollback. Failing to drop them must not hide why there was one.
void CallerSession::DropLeftovers() noexcept {
  pg::Savepoint savepoint;
  try {
    savepoint = pg::OpenSavepoint();
    pg::DropSessionObjectsSince(*objects_before_);
    pg::ReleaseSavepoint(savepoint);
  } catch (...) {
    pg::RollbackSavepoint(savepoint);
  }
}

void CallerSession::RunStatement(const core::Statement& statement) {
  ScriptMark mark;
  if (statement.runs_code && !objects_before_) objects_before_ = pg::ListSessionObjects();
  guard_.Run(statement, false, lock_timeout_ms_);
}

void CallerSession::EndScript() {
  pg::CloseSettings(bracket_);
  bracket_ = 0;
  if (objects_before_) pg::DropSessionObjectsSince(*objects_before_);
  objects_before_.reset();
}

void CallerSession::RunTopLevel(const core::Statement&, std::int64_t) {
  throw core::Error(core::sqlstate::kActiveSqlTransaction, "the statement cannot run inside a transaction");
}

// The lock table is shared by the whole server: filling it breaks other sessions. Half of what it is made for is where
// we stop. Counting costs time in proportion to the locks, so it is done ever more rarely while there is room.
void CallerSession::RequireLockSpace() {
  if (++units_ < next_count_) return;
  const pg::LockCount locks = pg::CountLocks();
  const std::int64_t limit = locks.capacity / 2;
  if (locks.held >= limit) {
    throw core::Error(core::sqlstate::kConfigurationLimitExceeded,
                      "this transaction holds too many locks for one more revision",
                      core::Format("It holds %1% locks after %2% revisions; the server's lock table is made for %3%.",
                                   locks.held, units_, locks.capacity),
                      "Call it as a statement of its own, outside of a transaction: then each revision commits and "
                      "gives its locks back. Or go up in several steps, or raise max_locks_per_transaction.");
  }
  const std::int64_t per_unit = std::max<std::int64_t>(1, locks.held / units_);
  next_count_ = units_ + std::clamp<std::int64_t>((limit - locks.held) / (4 * per_unit), 1, 64);
}

}  // namespace headway::server
