#include "pg/backend.hpp"

#include "core/sqlstate.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "common/pg_prng.h"
}

namespace headway::pg {

namespace {

bool to_the_log = false;

void Report(int elevel, const std::string& message, const std::string& detail, const std::string& hint) {
  core::ErrorReport report;
  report.sqlstate = elevel == WARNING ? core::sqlstate::kWarning : core::sqlstate::kSuccessfulCompletion;
  report.message = message;
  report.detail = detail;
  report.hint = hint;
  Guarded([&] {
    ErrorData* error = ToErrorData(report, elevel);
    ThrowErrorData(error);  // below ERROR: reports and returns
  });
}

}  // namespace

void SpeakToTheLog() { to_the_log = true; }

void ReportNotice(const std::string& message, const std::string& detail, const std::string& hint) {
  Report(to_the_log ? LOG : NOTICE, message, detail, hint);
}

void ReportWarning(const std::string& message, const std::string& detail, const std::string& hint) {
  Report(WARNING, message, detail, hint);
}

void SleepMs(std::int64_t milliseconds) {
  const std::int64_t end = NowMs() + milliseconds;
  for (std::int64_t left = milliseconds; left > 0; left = end - NowMs()) {
    Guarded([&] {
      const int events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
                                   static_cast<long>(left > 1000 ? 1000 : left), PG_WAIT_EXTENSION);
      if ((events & WL_LATCH_SET) != 0) ResetLatch(MyLatch);
      CHECK_FOR_INTERRUPTS();
    });
  }
}

std::int64_t NowMs() {
  constexpr std::int64_t kUnixToPostgresEpochMs = 946'684'800'000;
  return GetCurrentTimestamp() / 1000 + kUnixToPostgresEpochMs;
}

std::int64_t NowUs() {
  instr_time now;
  INSTR_TIME_SET_CURRENT(now);
  return static_cast<std::int64_t>(INSTR_TIME_GET_MICROSEC(now));
}

double Random() { return pg_prng_double(&pg_global_prng_state); }

void CheckClient() {
  if (MyProcPort == nullptr || Guarded([] { return pq_check_connection(); })) return;
  ClientConnectionLost = true;
  InterruptPending = true;
}

}  // namespace headway::pg
