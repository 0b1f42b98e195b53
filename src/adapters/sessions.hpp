// The two execution modes as sessions: a worker's own transactions, and savepoints in the transaction of the caller.
#pragma once

#include <string>
#include <vector>

#include "adapters/lock_guard.hpp"
#include "engine/ports.hpp"
#include "pg/locks/waiters.hpp"
#include "pg/process/runner_lock.hpp"
#include "pg/process/session_objects.hpp"
#include "pg/process/transaction.hpp"

namespace headway::server {

// What both have in common: how the locks of a statement are got, and the bracket around a script.
class GuardedSession : public engine::Session {
 public:
  void Enter(const std::string& script) override;
  engine::LockOutcome Hover(const core::Statement& statement, std::int64_t hover_ms) override;
  std::string DescribeBlockers() override { return guard_.DescribeBlockers(); }
  std::string HeldTooLong() override { return guard_.HeldTooLong(); }
  bool SomebodyWaits() override { return pg::SomebodyWaitsForUs(); }
  void BeginScript(std::int64_t lock_timeout_ms) override;

 protected:
  LockGuard guard_;
  std::int64_t lock_timeout_ms_ = 0;  // of the script that is open
  int bracket_ = 0;                   // of settings; 0: none is open
};

class WorkerSession : public GuardedSession {
 public:
  bool owns_transactions() const override { return true; }
  std::string CommitPolicy() const override { return "each revision is committed on its own"; }
  core::Surroundings WhyThisMode() const override { return {}; }
  void Begin() override;
  void Commit() override;
  void Rollback() override;
  void RunStatement(const core::Statement& statement) override;
  void EndScript() override;
  void RunTopLevel(const core::Statement& statement, std::int64_t lock_timeout_ms) override;
  void ResetState() override;
  std::vector<std::string> DropInvalidIndexes(const core::Statement& statement) override;
  void RequireLockSpace() override {}

 private:
  void DropLeftovers();
  void BeginTopLevel(core::StatementClass kind);
  void SuspendLockTimeout(std::int64_t meanwhile_ms);
  void ResumeLockTimeout();

  bool block_ = false;       // the open unit is a transaction block, not a single transaction
  bool script_ran_ = false;  // in the open unit: it may have left something in the session
  bool code_ran_ = false;
  std::string our_timeout_;  // what we have set lock_timeout to: a script's own SET is left alone
  // What to go back to after a statement that waits by design; kept until its commit, as a rollback undoes the return.
  std::string suspended_timeout_;
};

class CallerSession : public GuardedSession {
 public:
  // `reason`: why the call is not a statement of its own.
  explicit CallerSession(core::Surroundings reason) : reason_(std::move(reason)) {}
  bool owns_transactions() const override { return false; }
  std::string CommitPolicy() const override {
    return "running in your transaction: all of it is kept or undone with it";
  }
  core::Surroundings WhyThisMode() const override { return reason_; }
  void Begin() override;
  void Commit() override;
  void Rollback() override;
  void RunStatement(const core::Statement& statement) override;
  void EndScript() override;
  void RunTopLevel(const core::Statement& statement, std::int64_t lock_timeout_ms) override;
  void ResetState() override {}
  std::vector<std::string> DropInvalidIndexes(const core::Statement&) override { return {}; }
  void RequireLockSpace() override;

 private:
  void DropLeftovers() noexcept;

  core::Surroundings reason_;
  pg::Savepoint savepoint_;
  std::optional<pg::SessionObjects> objects_before_;  // once the script has run something that may make any
  std::int64_t units_ = 0;
  std::int64_t next_count_ = 1;  // at which unit the locks are counted again
};

// True in a process whose innermost work is a script of a revision: migrate_* must not be called from there.
bool ScriptIsRunning();
// Throws kNestedRun when a revision's script is what calls `function`.
void RequireOutsideScript(const char* function);
// Its name as the engine gave it; empty when none is running.
std::string RunningScript();

}  // namespace headway::server
