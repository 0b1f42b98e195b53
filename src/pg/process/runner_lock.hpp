// The lock that makes runs of one database wait for each other, and the smaller ones beside it: places, jobs,
// registrations.
//
// It is an advisory lock by nature (no transaction needs to be open to keep it, an abort does not drop it), with a tag
// that pg_advisory_lock() cannot reach.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// `for_session`: until the process ends; else until the transaction ends. REQUIRES: a transaction.
bool TryRunnerLock(bool for_session);
// Who holds it: "Process 4711 (user \"deploy\", application \"psql\") holds it since ..."; empty when nobody does.
std::string DescribeRunner();
bool HoldsRunnerLock();

// The place of the caller whose worker may run next: the others wait without a worker. As long as this lives.
class RunnerPlace {
 public:
  // REQUIRES: a transaction.
  RunnerPlace();
  RunnerPlace(const RunnerPlace&) = delete;
  RunnerPlace& operator=(const RunnerPlace&) = delete;
  ~RunnerPlace();
  // Looks at no catalog, so that it can be called without a snapshot.
  bool TryTake();
  std::string DescribeHolder() const;

 private:
  Oid extension_;
  bool held_ = false;
  int exceptions_;
};

// One registration that writes at a time, until the transaction ends; it waits. REQUIRES: a transaction.
void WaitForRegistrationLock();

// One job of a name at a time, until this process ends. REQUIRES: a transaction.
bool TryJobLock(const std::string& name);
// The same until this is destroyed, if it could be had.
class JobLock {
 public:
  // REQUIRES: a transaction.
  explicit JobLock(std::string name);
  JobLock(const JobLock&) = delete;
  JobLock& operator=(const JobLock&) = delete;
  ~JobLock();
  bool held() const { return held_; }

 private:
  std::string name_;
  bool held_;
};
// Who has it, as DescribeRunner().
std::string DescribeJobHolder(const std::string& name);

// Whether it is the lock of TryRunnerLock(), of whatever process.
bool IsRunnerTag(const LOCKTAG& tag);

}  // namespace headway::pg
