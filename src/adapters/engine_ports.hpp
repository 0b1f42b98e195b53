// Clock, reporter, parser, locks and retry policy of a backend.
#pragma once

#include <utility>

#include "core/retry.hpp"
#include "engine/ports.hpp"

namespace headway::server {

class BackendClock : public engine::Clock {
 public:
  std::int64_t NowMs() override;
  std::int64_t NowUs() override;
  void Sleep(std::int64_t milliseconds) override;
  double Random() override;
};

class BackendReporter : public engine::Reporter {
 public:
  void Notice(const std::string& message, const std::string& detail, const std::string& hint) override;
  void Activity(const std::string& what) override;
};

// As the settings headway.* say.
core::RetryPolicy PolicyFromSettings(bool owns_transactions);

class ServerParser : public engine::ScriptReader {
 public:
  core::Script Read(const std::string& text, const std::string& what) override;
  std::int64_t CountEqual(const std::string& left, const std::string& right) override;
  bool UsesEnumValue(const std::string& statement, const core::ObjectName& type, const std::string& value) override;
};

// For a job of a name, until the process ends.
class JobLock : public engine::Mutex {
 public:
  explicit JobLock(std::string name) : name_(std::move(name)) {}
  bool TryAcquire() override;
  std::string DescribeHolder() override;

 private:
  std::string name_;
};

class DatabaseRunnerLock : public engine::Mutex {
 public:
  // `for_session`: kept until the process ends (a worker), else until the transaction ends.
  explicit DatabaseRunnerLock(bool for_session) : for_session_(for_session) {}
  bool TryAcquire() override;
  std::string DescribeHolder() override;

 private:
  bool for_session_;
};

}  // namespace headway::server
