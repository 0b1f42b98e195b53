#include "server/services.hpp"

#include "pg/backend.hpp"
#include "pg/runner_lock.hpp"

namespace headway::server {

std::int64_t BackendClock::NowMs() { return pg::NowMs(); }

void BackendClock::Sleep(std::int64_t milliseconds) { pg::SleepMs(milliseconds); }

double BackendClock::Chance() { return pg::Chance(); }

void BackendReporter::Notice(const std::string& message, const std::string& detail, const std::string& hint) {
  pg::ReportNotice(message, detail, hint);
}

void BackendReporter::Activity(const std::string& what) { pg::ShowActivity(what); }

bool DatabaseRunnerLock::TryAcquire() { return pg::TryRunnerLock(for_session_); }

std::string DatabaseRunnerLock::DescribeHolder() { return pg::DescribeRunner(); }

}  // namespace headway::server
