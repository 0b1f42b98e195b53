#include "pg/settings.hpp"

#include "pg/postgres.hpp"

namespace headway::pg {

namespace {

int hover_ms = 2'000;
int lock_timeout_ms = 100;
int lock_timeout_max_ms = 1'000;
int lock_retry_ms = 300'000;
int concurrently_timeout_ms = 0;
int max_lock_hold_ms = 0;
int max_archive_backlog = 256;
char* mirror_version_table = nullptr;

// Milliseconds, which anybody may set.
void DefineTime(const char* name, const char* purpose, const char* more, int* value, int boot_value) {
  DefineCustomIntVariable(name, purpose, more, value, boot_value, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, nullptr,
                          nullptr, nullptr);
}

}  // namespace

std::int64_t HoverMs() { return hover_ms; }
std::int64_t LockTimeoutMaxMs() { return lock_timeout_max_ms; }
std::int64_t ConcurrentlyTimeoutMs() { return concurrently_timeout_ms; }
std::int64_t MaxLockHoldMs() { return max_lock_hold_ms; }
std::int64_t MaxArchiveBacklog() { return max_archive_backlog; }
std::int64_t LockTimeoutMs() { return lock_timeout_ms; }
std::int64_t LockRetryMs() { return lock_retry_ms; }
std::string MirrorVersionTable() { return mirror_version_table == nullptr ? "" : mirror_version_table; }

// Called from _PG_init: plain server code, nothing here may throw.
void DefineSettings() {
  DefineTime("headway.hover_time", "How long a try asks for its locks without queueing, before it queues.",
             "Nobody is stalled by it. 0 queues at once.", &hover_ms, 2'000);
  DefineTime("headway.lock_timeout", "Longest wait in a lock queue, in the first try.",
             "Whoever queues for a strong lock makes everyone behind it wait too. 0 waits without a limit.",
             &lock_timeout_ms, 100);
  DefineTime("headway.lock_timeout_max", "Longest wait in a lock queue, in a late try.",
             "The wait is doubled with each try that has queued in vain, up to this.", &lock_timeout_max_ms, 1'000);
  DefineTime("headway.lock_retry", "How long to go on trying for locks before giving up.",
             "Between the tries the transaction is rolled back and nothing is held. 0 tries once.", &lock_retry_ms,
             300'000);
  DefineTime("headway.concurrently_timeout", "Longest wait for others of a statement that waits for them by design.",
             "CREATE INDEX CONCURRENTLY and its like. 0 waits without a limit.", &concurrently_timeout_ms, 0);
  DefineTime("headway.max_lock_hold", "Longest time for which a revision may hold a lock that shuts readers out.",
             "When it is over, the revision is rolled back. 0: no limit.", &max_lock_hold_ms, 0);
  DefineCustomIntVariable("headway.max_archive_backlog",
                          "How many WAL files may wait for the archiver before a backfill waits too.",
                          "0: a backfill does not look at it.", &max_archive_backlog, 256, 0, INT_MAX, PGC_USERSET, 0,
                          nullptr, nullptr, nullptr);
  DefineCustomStringVariable("headway.mirror_version_table", "Version table of Alembic that every step keeps in step.",
                             "schema.table, written in the transaction of each step. Empty: none.",
                             &mirror_version_table, "", PGC_USERSET, 0, nullptr, nullptr, nullptr);
  MarkGUCPrefixReserved("headway");
}

}  // namespace headway::pg
