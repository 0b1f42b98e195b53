#include "adapters/engine_ports.hpp"

#include <algorithm>

#include "pg/backend.hpp"
#include "pg/parse/enum_value.hpp"
#include "pg/parse/script.hpp"
#include "pg/process/runner_lock.hpp"
#include "pg/process/worker.hpp"
#include "pg/settings.hpp"

namespace headway::server {

namespace {

// In the caller's transaction the locks of earlier steps stay during a pause and stall their tables: no long retries.
constexpr std::int64_t kCallersLockRetryMs = 1'000;

}  // namespace

core::RetryPolicy PolicyFromSettings(bool owns_transactions) {
  core::RetryPolicy policy;
  policy.hover_ms = pg::HoverMs();
  policy.lock_timeout_ms = pg::LockTimeoutMs();
  policy.lock_timeout_max_ms = pg::LockTimeoutMaxMs();
  policy.concurrently_timeout_ms = pg::ConcurrentlyTimeoutMs();
  policy.lock_retry_ms = pg::LockRetryMs();
  if (!owns_transactions) {
    policy.lock_retry_ms = std::min(policy.lock_retry_ms, kCallersLockRetryMs);
    policy.hover_ms = std::min(policy.hover_ms, kCallersLockRetryMs / 4);
  }
  return policy;
}

std::int64_t BackendClock::NowMs() { return pg::NowMs(); }

std::int64_t BackendClock::NowUs() { return pg::NowUs(); }

void BackendClock::Sleep(std::int64_t milliseconds) { pg::SleepMs(milliseconds); }

double BackendClock::Random() { return pg::Random(); }

void BackendReporter::Notice(const std::string& message, const std::string& detail, const std::string& hint) {
  pg::ReportNotice(message, detail, hint);
}

void BackendReporter::Activity(const std::string& what) { pg::ShowActivity(what); }

core::Script ServerParser::Read(const std::string& text, const std::string& what) {
  return pg::ParseScript(text, what);
}

std::int64_t ServerParser::CountEqual(const std::string& left, const std::string& right) {
  return pg::CountEqualStatements(left, right);
}

bool ServerParser::UsesEnumValue(const std::string& statement, const core::ObjectName& type, const std::string& value) {
  return pg::CastsToEnumValue(statement, type, value);
}

bool JobLock::TryAcquire() { return pg::TryJobLock(name_); }

std::string JobLock::DescribeHolder() { return pg::DescribeJobHolder(name_); }

bool DatabaseRunnerLock::TryAcquire() { return pg::TryRunnerLock(for_session_); }

std::string DatabaseRunnerLock::DescribeHolder() { return pg::DescribeRunner(); }

}  // namespace headway::server
