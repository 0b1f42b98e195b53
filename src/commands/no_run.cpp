#include "commands/no_run.hpp"

#include <cstdint>

#include "core/error.hpp"
#include "core/sqlstate.hpp"
#include "pg/backend.hpp"
#include "pg/process/runner_lock.hpp"

namespace headway::server {

namespace {

constexpr int kLooks = 10;
constexpr std::int64_t kBetweenLooksMs = 10;

}  // namespace

void RequireNoRun(const std::string& refusal, const char* hint) {
  // One that is ending gives its locks back one after the other: we may have got ahead by the first of them.
  for (int look = 0; look < kLooks; ++look) {
    if (look > 0) pg::SleepMs(kBetweenLooksMs);
    if (pg::TryRunnerLock(false)) return;
  }
  throw core::Error(core::sqlstate::kLockNotAvailable, refusal, pg::DescribeRunner(), hint);
}

}  // namespace headway::server
