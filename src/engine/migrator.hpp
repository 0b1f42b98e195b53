// A run: takes the runner lock, plans, checks the whole plan, then takes its steps one by one.
//
// Each step is all or nothing with its version row and its history row. A transactional step is one unit of the
// session, tried again as a whole when a lock is not to be had. Any other step runs statement by statement, its
// position committed with each, so that the next run goes on where this one stopped.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph.hpp"
#include "core/retry.hpp"
#include "engine/ports.hpp"

namespace headway::engine {

// "nothing to do: the database is at def456"
std::string NothingToDo(const core::Heads& heads);

class Migrator {
 public:
  Migrator(Ports ports, core::RetryPolicy policy) : ports_(ports), policy_(policy) {}

  // Returns the number of revisions run.
  int Run(core::Direction direction, std::string_view target);
  // After Run(): the heads that it has left.
  const core::Heads& heads() const { return heads_; }

  // Rewrites the heads without running anything; returns the number of rows of headway.version that changed.
  int Stamp(std::string_view target, bool purge);

 private:
  struct Attempt;
  struct PlannedRun {
    std::vector<core::MigrationStep> steps;
    std::vector<std::string> messages;  // first lines, in the order of the steps
    std::vector<StepFacts> facts;
    core::Heads heads_after;
    std::string nothing_to_do;  // why; for messages
  };

  // Where an earlier run of a revision that runs statement by statement has stopped.
  struct Begun {
    bool is_known = false;
    int done = 0;
    bool mended = false;           // the script has changed since, in what is not done
    bool needs_no_pieces = false;  // nothing is done of it, and now it can run in one transaction
    core::Statement stopped_at;    // of the script as it was: the first that is not done
  };

  void AcquireLock();
  PlannedRun MakePlan(core::Direction direction, std::string_view target);
  void CheckPlan(const PlannedRun& plan);
  void CheckEnumValues(const PlannedRun& plan);
  void RequireNoNewValue(const std::vector<core::Statement>& enums, const std::vector<std::string>& revisions,
                         const core::MigrationStep& step, const core::Statement& statement);
  void RunSteps(const PlannedRun& plan);
  void Announce(const PlannedRun& plan, std::size_t i, std::size_t& announced);
  bool RunTogether(const PlannedRun& plan, std::size_t first, std::size_t end, std::size_t& announced);
  void RunStep(const core::MigrationStep& step, bool in_transaction);
  void RunTransactional(const core::MigrationStep& step);
  void TryTransactional(const core::MigrationStep& step, Attempt& attempt);
  void RunInUnit(const core::MigrationStep& step, Attempt& attempt);
  Attempt NewAttempt(const core::MigrationStep& step);
  static void AddPlace(core::ErrorReport& report, const Attempt& attempt, const core::MigrationStep& step);
  void RunStatementByStatement(const core::MigrationStep& step);
  Begun Resume(const core::MigrationStep& step, const std::string& text, const core::Script& script);
  void Complete(const core::MigrationStep& step, Attempt& attempt);
  void CompleteWithoutMore(const core::MigrationStep& step, Attempt& attempt, const Begun& begun);
  void StartOver(const core::MigrationStep& step, Attempt& attempt, const Begun& begun);
  void Retrying(const core::MigrationStep& step, Attempt& attempt, const std::function<void()>& body);
  void Finish(const core::MigrationStep& step, Attempt& attempt);
  void ExplainCancel(core::Error& error, const core::MigrationStep& step);
  void RecordFailure(Attempt& attempt, const core::Error& error) noexcept;

  Ports ports_;
  core::RetryPolicy policy_;
  core::Heads heads_;
};

}  // namespace headway::engine
