#include "pg/settings.hpp"

#include "pg/postgres.hpp"

namespace headway::pg {

namespace {

int lock_timeout_ms = 100;
int lock_retry_ms = 300'000;
char* mirror_version_table = nullptr;

}  // namespace

std::int64_t LockTimeoutMs() { return lock_timeout_ms; }
std::int64_t LockRetryMs() { return lock_retry_ms; }
std::string MirrorVersionTable() { return mirror_version_table == nullptr ? "" : mirror_version_table; }

// Called from _PG_init: plain server code, nothing here may throw.
void DefineSettings() {
  DefineCustomIntVariable(
      "headway.lock_timeout", "Longest wait in a lock queue, per try.",
      "Whoever queues for a strong lock makes everyone behind it wait too. 0 waits without a limit.", &lock_timeout_ms,
      100, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("headway.lock_retry", "How long to go on trying for locks before giving up.",
                          "Between the tries the transaction is rolled back and nothing is held. 0 tries once.",
                          &lock_retry_ms, 300'000, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, nullptr, nullptr, nullptr);
  DefineCustomStringVariable("headway.mirror_version_table", "Version table of Alembic that every step keeps in step.",
                             "schema.table, written in the transaction of each step. Empty: none.",
                             &mirror_version_table, "", PGC_USERSET, 0, nullptr, nullptr, nullptr);
#if PG_VERSION_NUM >= 150000
  MarkGUCPrefixReserved("headway");
#else
  EmitWarningsOnPlaceholders("headway");
#endif
}

}  // namespace headway::pg
