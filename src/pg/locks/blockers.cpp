#include "pg/locks/blockers.hpp"

#include <algorithm>
#include <set>

#include "pg/catalog/object_names.hpp"
#include "pg/guard.hpp"
#include "pg/locks/lock_needs.hpp"
#include "pg/postgres.hpp"
#include "pg/spi.hpp"

namespace headway::pg {

namespace {

// How far a chain of waiting sessions is followed, and how many sessions are told of in all.
constexpr int kMostDepth = 5;
constexpr std::size_t kMostSessions = 50;

// What is told of a session: in this order in every query below.
#define HEADWAY_SESSION_COLUMNS                                                                         \
  "COALESCE(a.usename, p.owner)::pg_catalog.text, a.application_name, pg_catalog.host(a.client_addr), " \
  "a.backend_type, a.state, "                                                                           \
  "pg_catalog.trunc(EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) "            \
  "COALESCE(a.xact_start, p.prepared)) OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8, "                 \
  "pg_catalog.left(pg_catalog.btrim(pg_catalog.regexp_replace(a.query, '\\s+', ' ', 'g')), 200)"

// A prepared transaction has no pid; it is known by the lock that it holds on its own id.
PreparedQuery load_holders(
    "WITH k AS MATERIALIZED (SELECT * FROM pg_catalog.pg_locks) "
    "SELECT l.pid, p.gid, " HEADWAY_SESSION_COLUMNS
    ", l.mode, l.granted "
    "FROM k l "
    "LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid "
    "LEFT JOIN pg_catalog.pg_prepared_xacts p ON l.pid IS NULL AND EXISTS (SELECT FROM k t WHERE t.pid IS NULL "
    "AND t.virtualtransaction OPERATOR(pg_catalog.=) l.virtualtransaction "
    "AND t.locktype OPERATOR(pg_catalog.=) 'transactionid'::pg_catalog.text "
    "AND t.transactionid OPERATOR(pg_catalog.=) p.transaction) "
    "WHERE l.locktype OPERATOR(pg_catalog.=) 'relation'::pg_catalog.text "
    "AND l.relation OPERATOR(pg_catalog.=) $1::pg_catalog.oid "
    "AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d "
    "WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()) "
    "AND l.mode OPERATOR(pg_catalog.=) ANY ($2) "
    "AND (l.pid IS NULL OR l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()) "
    "ORDER BY l.granted DESC, COALESCE(a.xact_start, p.prepared), l.pid, p.gid",
    "iT");

PreparedQuery load_session("SELECT a.pid, NULL::pg_catalog.text, " HEADWAY_SESSION_COLUMNS
                           " FROM pg_catalog.pg_stat_activity a LEFT JOIN pg_catalog.pg_prepared_xacts p ON false "
                           "WHERE a.pid OPERATOR(pg_catalog.=) $1::pg_catalog.int4",
                           "i");

PreparedQuery load_snapshots("SELECT a.pid, p.gid, " HEADWAY_SESSION_COLUMNS
                             " FROM (SELECT s.* FROM pg_catalog.pg_stat_activity s "
                             "WHERE s.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() "
                             "AND s.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid() "
                             "AND (s.backend_xmin IS NOT NULL OR s.backend_xid IS NOT NULL)) a "
                             "FULL JOIN (SELECT x.* FROM pg_catalog.pg_prepared_xacts x "
                             "WHERE x.database OPERATOR(pg_catalog.=) pg_catalog.current_database()) p ON false "
                             "ORDER BY COALESCE(a.xact_start, p.prepared), a.pid, p.gid",
                             "");

PreparedQuery load_transaction("SELECT l.pid, p.gid, " HEADWAY_SESSION_COLUMNS
                               " FROM pg_catalog.pg_locks l "
                               "LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid "
                               "LEFT JOIN pg_catalog.pg_prepared_xacts p ON l.pid IS NULL "
                               "AND p.transaction OPERATOR(pg_catalog.=) l.transactionid "
                               "WHERE l.granted AND l.locktype OPERATOR(pg_catalog.=) 'transactionid'::pg_catalog.text "
                               "AND l.transactionid OPERATOR(pg_catalog.=) $1::pg_catalog.text::pg_catalog.xid",
                               "i");

PreparedQuery load_blocking_pids(
    "SELECT DISTINCT b.pid FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1::pg_catalog.int4)) AS b (pid) "
    "ORDER BY b.pid",
    "i");

PreparedQuery load_awaited(
    "SELECT l.relation, l.mode FROM pg_catalog.pg_locks l WHERE l.pid OPERATOR(pg_catalog.=) $1::pg_catalog.int4 "
    "AND NOT l.granted AND l.locktype OPERATOR(pg_catalog.=) 'relation'::pg_catalog.text "
    "AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d "
    "WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())",
    "i");

PreparedQuery load_awaited_transaction(
    "SELECT l.transactionid::pg_catalog.text FROM pg_catalog.pg_locks l "
    "WHERE l.pid OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND NOT l.granted "
    "AND l.locktype OPERATOR(pg_catalog.=) 'transactionid'::pg_catalog.text",
    "i");

#undef HEADWAY_SESSION_COLUMNS
constexpr std::size_t kSessionColumns = 9;

core::Blocker FromRow(const Row& row) {
  core::Blocker blocker;
  if (row[0]) blocker.pid = std::stoi(*row[0]);
  blocker.prepared = row[1].value_or("");
  blocker.user = row[2].value_or("");
  blocker.application = row[3].value_or("");
  blocker.client = row[4].value_or("");
  blocker.backend_type = row[5].value_or("");
  blocker.state = row[6].value_or("");
  if (row[7]) blocker.age_ms = std::max<std::int64_t>(0, ToInteger(row[7]));
  blocker.query = row[8].value_or("");
  return blocker;
}

std::vector<std::string> ServerNamesOfConflicting(int mode) {
  std::vector<std::string> names;
  for (int other = AccessShareLock; other <= AccessExclusiveLock; ++other) {
    if (DoLockModesConflict(mode, other)) names.push_back(Guarded([&] { return GetLockmodeName(1, other); }));
  }
  return names;
}

std::vector<int> BlockingPids(int pid) {
  std::vector<int> pids;
  for (const Row& row : load_blocking_pids.Run({pid}).rows) pids.push_back(std::stoi(*row[0]));
  return pids;
}

}  // namespace

core::Blocker SessionOf(int pid) {
  core::Blocker blocker;
  blocker.pid = pid;
  if (pid == 0) return blocker;
  const QueryResult result = load_session.Run({pid});
  return result.rows.empty() ? blocker : FromRow(result.rows.front());
}

namespace {

// Follows the waits, each session once: two that wait for each other make no endless tale.
class Chains {
 public:
  void Follow(core::Blocker& blocker, int depth = 1) {
    if (blocker.pid == 0 || depth > kMostDepth || !told_.insert(blocker.pid).second) return;
    for (int pid : BlockingPids(blocker.pid)) {
      if (told_.count(pid) != 0 || told_.size() >= kMostSessions || pid == MyProcPid) continue;
      core::Blocker next = SessionOf(pid);
      Follow(next, depth + 1);
      blocker.waited_for.push_back(std::move(next));
    }
  }

  // Those of the first rank are told of by themselves.
  void FollowAll(std::vector<core::Blocker>& blockers) {
    for (core::Blocker& blocker : blockers) Follow(blocker);
  }

 private:
  std::set<int> told_;
};

bool Same(const core::Blocker& left, const core::Blocker& right) {
  return left.pid == right.pid && left.prepared == right.prepared && left.waiting == right.waiting;
}

// Of several modes of one session the strongest is told.
void AddHolder(std::vector<core::Blocker>& blockers, core::Blocker blocker, int mode) {
  for (core::Blocker& known : blockers) {
    if (!Same(known, blocker)) continue;
    if (LockModeByName(known.mode).value_or(0) < mode) known.mode = LockModeName(mode);
    return;
  }
  if (blockers.size() >= kMostSessions) return;
  blocker.mode = LockModeName(mode);
  blockers.push_back(std::move(blocker));
}

std::vector<core::Blocker> HoldersOf(Oid relation, int mode) {
  const std::string name = QualifiedName(relation);
  std::vector<core::Blocker> blockers;
  const QueryResult result = load_holders.Run({relation, ServerNamesOfConflicting(mode)});
  for (const Row& row : result.rows) {
    core::Blocker blocker = FromRow(row);
    blocker.relation = name;
    blocker.waiting = row[kSessionColumns + 1].value_or("t") != "t";
    AddHolder(blockers, std::move(blocker), LockModeByName(row[kSessionColumns].value_or("")).value_or(0));
  }
  return blockers;
}

// Without a pid it is a prepared transaction, known by the transaction that is waited for.
std::vector<core::Blocker> HoldersByPid(const std::vector<int>& pids, int waiter) {
  std::vector<core::Blocker> blockers;
  for (int pid : pids) {
    if (pid != 0) blockers.push_back(SessionOf(pid));
  }
  if (blockers.size() == pids.size()) return blockers;
  for (const Row& row : load_awaited_transaction.Run({waiter}).rows) {
    const QueryResult result = load_transaction.Run({ToInteger(row[0])});
    for (const Row& holder : result.rows) {
      if (!holder[0]) blockers.push_back(FromRow(holder));
    }
  }
  if (blockers.empty()) blockers.push_back(SessionOf(0));
  return blockers;
}

}  // namespace

std::vector<core::Blocker> BlockersOf(Oid relation, int mode) {
  std::vector<core::Blocker> blockers = HoldersOf(relation, mode);
  Chains().FollowAll(blockers);
  return blockers;
}

std::vector<core::Blocker> BlockersOfPid(int pid) {
  std::vector<core::Blocker> blockers;
  const std::vector<int> pids = BlockingPids(pid);
  const QueryResult awaited = load_awaited.Run({pid});
  for (const Row& row : awaited.rows) {
    const int mode = LockModeByName(row[1].value_or("")).value_or(AccessExclusiveLock);
    for (core::Blocker& blocker : HoldersOf(ToOid(row[0]), mode)) {
      if (std::count(pids.begin(), pids.end(), blocker.pid) != 0) blockers.push_back(std::move(blocker));
    }
  }
  if (blockers.empty() && !pids.empty()) blockers = HoldersByPid(pids, pid);
  Chains().FollowAll(blockers);
  return blockers;
}

std::vector<core::Blocker> BlockersOfTransaction(TransactionId transaction) {
  std::vector<core::Blocker> blockers;
  const QueryResult result = load_transaction.Run({static_cast<std::int64_t>(transaction)});
  for (const Row& row : result.rows) blockers.push_back(FromRow(row));
  Chains().FollowAll(blockers);
  return blockers;
}

std::vector<core::Blocker> OldestSnapshots() {
  std::vector<core::Blocker> holders;
  for (const Row& row : load_snapshots.Run().rows) {
    if (holders.size() < kMostSessions) holders.push_back(FromRow(row));
  }
  return holders;
}

}  // namespace headway::pg
