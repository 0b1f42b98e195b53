// Clock, reporter and runner lock of a backend.
#pragma once

#include "engine/ports.hpp"

namespace headway::server {

class BackendClock : public engine::Clock {
 public:
  std::int64_t NowMs() override;
  void Sleep(std::int64_t milliseconds) override;
  double Chance() override;
};

class BackendReporter : public engine::Reporter {
 public:
  void Notice(const std::string& message, const std::string& detail, const std::string& hint) override;
  void Activity(const std::string& what) override;
};

class DatabaseRunnerLock : public engine::RunnerLock {
 public:
  // `for_session`: kept until the process ends (a worker), else until the transaction ends.
  explicit DatabaseRunnerLock(bool for_session) : for_session_(for_session) {}
  bool TryAcquire() override;
  std::string DescribeHolder() override;

 private:
  bool for_session_;
};

}  // namespace headway::server
