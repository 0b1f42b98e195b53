#include "pg/process/session_objects.hpp"

#include <algorithm>

#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/process/runner_lock.hpp"
#include "pg/session_settings.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "commands/async.h"
#include "commands/sequence.h"
}

namespace headway::pg {

namespace {

PreparedQuery list_objects(
    "SELECT 'statement', name FROM pg_catalog.pg_prepared_statement() "
    "UNION ALL SELECT 'cursor', name FROM pg_catalog.pg_cursor() "
    "UNION ALL SELECT CASE WHEN relkind OPERATOR(pg_catalog.=) 'v' THEN 'view' WHEN relkind"
    " OPERATOR(pg_catalog.=) 'S' THEN 'sequence' ELSE 'table' END, relname "
    "  FROM pg_catalog.pg_class WHERE relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema() "
    "  AND relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,S}') "
    "UNION ALL SELECT CASE WHEN objsubid OPERATOR(pg_catalog.=) 1 THEN 'lock' ELSE 'lock2' END "
    "    OPERATOR(pg_catalog.||) mode, classid::pg_catalog.text OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) "
    "objid::pg_catalog.text "
    "  FROM pg_catalog.pg_lock_status() AS l "
    "  WHERE locktype OPERATOR(pg_catalog.=) 'advisory' AND granted AND objsubid OPERATOR(pg_catalog.<=) 2 "
    "  AND pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() "
    "ORDER BY 1, 2",
    "");

// "lock" and "lock2" rows read "<classid> <objid>"; the one-key form keeps its key in both halves.
std::string UnlockStatement(const std::string& kind, const std::string& keys) {
  const std::size_t blank = keys.find(' ');
  const auto high = static_cast<std::uint64_t>(std::stoull(keys.substr(0, blank)));
  const auto low = static_cast<std::uint64_t>(std::stoull(keys.substr(blank + 1)));
  const bool shared = kind.find("ExclusiveLock") == std::string::npos;
  const std::string function = shared ? "pg_catalog.pg_advisory_unlock_shared(" : "pg_catalog.pg_advisory_unlock(";
  if (kind.compare(0, 5, "lock2") == 0) {
    return "SELECT " + function + std::to_string(static_cast<std::int32_t>(high)) + "::pg_catalog.int4, " +
           std::to_string(static_cast<std::int32_t>(low)) + "::pg_catalog.int4)";
  }
  return "SELECT " + function + std::to_string(static_cast<std::int64_t>((high << 32) | low)) + "::pg_catalog.int8)";
}

std::string DropStatement(const std::string& kind, const std::string& name) {
  if (kind == "statement") return "DEALLOCATE " + QuoteIdentifier(name);
  if (kind == "cursor") return "CLOSE " + QuoteIdentifier(name);
  return "DROP " + kind + " IF EXISTS pg_temp." + QuoteIdentifier(name) + " CASCADE";
}

bool Exists(const SessionObject& object) {
  const SessionObjects objects = ListSessionObjects();
  return std::find(objects.begin(), objects.end(), object) != objects.end();
}

// Locks of the session are counted; one of the transaction cannot be given up and stays with it.
void Unlock(const SessionObject& lock) {
  const std::string unlock = UnlockStatement(lock.first, lock.second);
  while (RunQuery(unlock).Single() == "t" && Exists(lock)) continue;
}

}  // namespace

void DropTemporaryObjects() {
  Guarded([] { ResetTempTableNamespace(); });
}

void DropSessionObjects() {
  Guarded([] {
    PortalHashTableDeleteAll();
    DropAllPreparedStatements();
    ResetSequenceCaches();
  });
}

void ReleaseAdvisoryLocks() {
  Guarded([] {
    LockData* data = GetLockStatusData();
    for (int i = 0; i < data->nelements; ++i) {
      const LockInstanceData& lock = data->locks[i];
      if (lock.pid != MyProcPid || lock.locktag.locktag_type != LOCKTAG_ADVISORY || IsRunnerTag(lock.locktag)) continue;
      for (LOCKMODE mode = AccessShareLock; mode <= AccessExclusiveLock; ++mode) {
        if ((lock.holdMask & LOCKBIT_ON(mode)) == 0) continue;
        while (compat::HoldsLock(&lock.locktag, mode)) {
          if (!LockRelease(&lock.locktag, mode, true)) break;
        }
      }
    }
    pfree(data->locks);
    pfree(data);
  });
}

SessionObjects ListSessionObjects() {
  SessionObjects objects;
  for (const Row& row : list_objects.Run().rows) objects.emplace_back(*row[0], *row[1]);
  return objects;
}

void DropSessionObjectsSince(const SessionObjects& before) {
  const int level = OpenSettings();
  SetInBracket("client_min_messages", "error");  // what our own clearing up has to say is of no use to the caller
  for (const SessionObject& object : ListSessionObjects()) {
    if (std::find(before.begin(), before.end(), object) != before.end()) continue;
    if (object.first.compare(0, 4, "lock") == 0) {
      Unlock(object);
    } else {
      RunQuery(DropStatement(object.first, object.second));
    }
  }
  CloseSettings(level);
}

}  // namespace headway::pg
