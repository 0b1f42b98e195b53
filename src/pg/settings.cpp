#include "pg/settings.hpp"

#include "pg/postgres.hpp"

namespace headway::pg {

namespace {

// A number that anybody may set. The server writes the default into `value` when it learns of the setting.
struct NumberSetting {
  const char* name;
  int boot_value;
  int unit;  // GUC_UNIT_MS, or 0: it has none
  const char* purpose;
  const char* more;
  int value = 0;
};

NumberSetting hover_time = {"headway.hover_time", 2'000, GUC_UNIT_MS,
                            "How long a try asks for its locks without queueing, before it queues.",
                            "Nobody is stalled by it. 0 queues at once."};

NumberSetting lock_timeout = {"headway.lock_timeout", 100, GUC_UNIT_MS,
                              "Longest wait in a lock queue, in the first try.",
                              "Whoever queues for a strong lock makes everyone behind it wait too. 0 waits without a "
                              "limit."};

NumberSetting lock_timeout_max = {"headway.lock_timeout_max", 1'000, GUC_UNIT_MS,
                                  "Longest wait in a lock queue, in a late try.",
                                  "The wait is doubled with each try that has queued in vain, up to this."};

NumberSetting lock_retry = {"headway.lock_retry", 300'000, GUC_UNIT_MS,
                            "How long to go on trying for locks before giving up.",
                            "Between the tries the transaction is rolled back and nothing is held. 0 tries once."};

NumberSetting concurrently_timeout = {"headway.concurrently_timeout", 0, GUC_UNIT_MS,
                                      "Longest wait for others of a statement that waits for them by design.",
                                      "CREATE INDEX CONCURRENTLY and its like. 0 waits without a limit."};

NumberSetting max_lock_hold = {"headway.max_lock_hold", 0, GUC_UNIT_MS,
                               "Longest time for which a revision may hold a lock that blocks reads.",
                               "When it is over, the revision is rolled back. 0: no limit."};

NumberSetting max_archive_backlog = {"headway.max_archive_backlog", 256, 0,
                                     "How many WAL files may wait for the archiver before a backfill waits too.",
                                     "0: a backfill does not look at it."};

NumberSetting min_checkpoint_gap = {
    "headway.min_checkpoint_gap", 0, GUC_UNIT_MS,
    "How close checkpoints may come that were begun for the sake of WAL before a backfill waits.",
    "It waits for as long again. 0: a backfill does not look at it."};

NumberSetting keep_history = {"headway.keep_history", 0, 0,
                              "How many days what is known of ended backfills and deletes is kept.",
                              "Older rows are deleted when the next one begins. 0: they are kept for good."};

NumberSetting max_row_tries = {"headway.max_row_tries", 10, 0,
                               "In how many calls of a backfill a row that fails is tried.",
                               "With on_error => 'skip'. 0: in all of them."};

NumberSetting* const numbers[] = {&hover_time,           &lock_timeout,  &lock_timeout_max,    &lock_retry,
                                  &concurrently_timeout, &max_lock_hold, &max_archive_backlog, &keep_history,
                                  &min_checkpoint_gap,   &max_row_tries};

char* mirror_version_table = nullptr;
bool autoresume = false;

}  // namespace

std::int64_t HoverMs() { return hover_time.value; }
std::int64_t LockTimeoutMs() { return lock_timeout.value; }
std::int64_t LockTimeoutMaxMs() { return lock_timeout_max.value; }
std::int64_t LockRetryMs() { return lock_retry.value; }
std::int64_t ConcurrentlyTimeoutMs() { return concurrently_timeout.value; }
std::int64_t MaxLockHoldMs() { return max_lock_hold.value; }
std::int64_t MaxArchiveBacklog() { return max_archive_backlog.value; }
std::int64_t MinCheckpointGapMs() { return min_checkpoint_gap.value; }
std::int64_t KeepHistoryDays() { return keep_history.value; }
bool ResumesAfterRestart() { return autoresume; }
std::int64_t MaxRowTries() { return max_row_tries.value; }
std::string MirrorVersionTable() { return mirror_version_table == nullptr ? "" : mirror_version_table; }

// Called from _PG_init: plain server code, nothing here may throw.
void DefineSettings() {
  for (NumberSetting* number : numbers) {
    DefineCustomIntVariable(number->name, number->purpose, number->more, &number->value, number->boot_value, 0, INT_MAX,
                            PGC_USERSET, number->unit, nullptr, nullptr, nullptr);
  }
  DefineCustomStringVariable("headway.mirror_version_table", "Version table of Alembic that every step keeps in step.",
                             "schema.table, written in the transaction of each step. Empty: none.",
                             &mirror_version_table, "", PGC_USERSET, 0, nullptr, nullptr, nullptr);
  // It is read once, by the postmaster.
  DefineCustomBoolVariable(
      "headway.autoresume", "Backfills that were at work when the server stopped go on when it starts.",
      "Needs pg_headway in shared_preload_libraries.", &autoresume, false,
      process_shared_preload_libraries_in_progress ? PGC_POSTMASTER : PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
  MarkGUCPrefixReserved("headway");
}

}  // namespace headway::pg
