// The differences between server versions, and nothing else.
#pragma once

#include "pg/postgres.hpp"

#if PG_VERSION_NUM < 150000
#error "pg_headway needs PostgreSQL 15 or newer"
#endif

extern "C" {
#include "access/attmap.h"
#include "access/heapam.h"
#include "storage/bufmgr.h"
#include "utils/regproc.h"
#include "utils/relcache.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"
#if PG_VERSION_NUM < 170000
#include "storage/sinvaladt.h"
#endif
}

// libpq/libpq.h needs headers (GSSAPI) that are not everywhere.
extern "C" bool pq_check_connection(void);

namespace headway::pg::compat {

// Tokens of the core scanner. Its header is not installed everywhere; plpgsql relies on the same numbers.
inline constexpr int kStringConstant = 261;
inline constexpr int kUnicodeStringConstant = 262;

inline bool RunPortal(Portal portal, bool top_level, DestReceiver* receiver, QueryCompletion* completion) {
#if PG_VERSION_NUM >= 180000
  return PortalRun(portal, FETCH_ALL, top_level, receiver, receiver, completion);
#else
  return PortalRun(portal, FETCH_ALL, top_level, true, receiver, receiver, completion);
#endif
}

inline VirtualTransactionId OwnVirtualTransaction() {
  VirtualTransactionId own;
#if PG_VERSION_NUM >= 170000
  own.procNumber = MyProcNumber;
  own.localTransactionId = MyProc->vxid.lxid;
#else
  own.backendId = MyBackendId;
  own.localTransactionId = MyProc->lxid;
#endif
  return own;
}

// The columns whose change gives a row new entries in indexes. From 16 on those of BRIN alone are not among them.
#if PG_VERSION_NUM >= 160000
inline constexpr IndexAttrBitmapKind kHotBlocking = INDEX_ATTR_BITMAP_HOT_BLOCKING;
#else
inline constexpr IndexAttrBitmapKind kHotBlocking = INDEX_ATTR_BITMAP_ALL;
#endif

// A message of the server's in the session's language.
inline const char* Translated(const char* message) {
#ifdef ENABLE_NLS
  return gettext(message);
#else
  return message;
#endif
}

using ExpressionWalker = bool (*)(Node*, void*);

// Up to 15 the walker's type has no arguments, which C++ takes literally.
inline bool WalkExpression(Node* node, ExpressionWalker walker, void* context) {
#if PG_VERSION_NUM >= 160000
  return expression_tree_walker(node, walker, context);
#else
  return expression_tree_walker(node, reinterpret_cast<bool (*)()>(reinterpret_cast<void*>(walker)), context);
#endif
}

inline bool WalkRawTree(Node* node, ExpressionWalker walker, void* context) {
#if PG_VERSION_NUM >= 160000
  return raw_expression_tree_walker(node, walker, context);
#else
  return raw_expression_tree_walker(node, reinterpret_cast<bool (*)()>(reinterpret_cast<void*>(walker)), context);
#endif
}

// The n-th session, from 1, in the copy that pgstat has made.
inline const LocalPgBackendStatus* LocalSessionStatus(int number) {
#if PG_VERSION_NUM >= 160000
  return pgstat_get_local_beentry_by_index(number);
#else
  return pgstat_fetch_stat_local_beentry(number);
#endif
}

inline std::int64_t RequestedCheckpoints() {
#if PG_VERSION_NUM >= 170000
  return pgstat_fetch_stat_checkpointer()->num_requested;
#else
  return pgstat_fetch_stat_checkpointer()->requested_checkpoints;
#endif
}

inline bool HoldsLock(const LOCKTAG* tag, LOCKMODE mode) {
#if PG_VERSION_NUM >= 170000
  return LockHeldByMe(tag, mode, false);
#else
  return LockHeldByMe(tag, mode);
#endif
}

inline bool OwnsRelation(Oid relation) {
#if PG_VERSION_NUM >= 160000
  return object_ownercheck(RelationRelationId, relation, GetUserId());
#else
  return pg_class_ownercheck(relation, GetUserId());
#endif
}

// Null when it has ended.
inline PGPROC* ProcessOf(const VirtualTransactionId& xid) {
#if PG_VERSION_NUM >= 170000
  return ProcNumberGetProc(xid.procNumber);
#else
  return BackendIdGetProc(xid.backendId);
#endif
}

inline std::int64_t HotUpdates(const PgStat_TableStatus& table) {
#if PG_VERSION_NUM >= 160000
  return table.counts.tuples_hot_updated;
#else
  return table.t_counts.t_tuples_hot_updated;
#endif
}

// Which column of the one is which of the other, by name; an error where one is missing.
inline AttrMap* MapColumns(TupleDesc from, TupleDesc to) {
#if PG_VERSION_NUM >= 160000
  return build_attrmap_by_name(from, to, false);
#else
  return build_attrmap_by_name(from, to);
#endif
}

inline List* SplitQualifiedName(const char* name) {
#if PG_VERSION_NUM >= 160000
  return stringToQualifiedNameList(name, nullptr);
#else
  return stringToQualifiedNameList(name);
#endif
}

inline bool HasReturning(const UpdateStmt* update) {
#if PG_VERSION_NUM >= 180000
  return update->returningClause != nullptr;
#else
  return update->returningList != NIL;
#endif
}

// From 18 on a column may be marked before all its rows have been looked at. `number`: from 1.
inline bool IsProvedNotNull(TupleDesc columns, AttrNumber number) {
#if PG_VERSION_NUM >= 180000
  return TupleDescCompactAttr(columns, number - 1)->attnullability == ATTNULLABLE_VALID;
#else
  return TupleDescAttr(columns, number - 1)->attnotnull;
#endif
}

// Whether NOT NULL of a column is a constraint with a name.
inline constexpr bool kNotNullIsConstraint = PG_VERSION_NUM >= 180000;

// ADD CONSTRAINT locks all descendants, whatever becomes of them.
inline constexpr bool kConstraintsDescend = PG_VERSION_NUM >= 180000;
// The constraint whose triggers ALTER CONSTRAINT makes or drops, on both of its tables; null: it does not.
inline const char* ConstraintMadeEnforcedOrNot(const AlterTableCmd* command) {
#if PG_VERSION_NUM >= 180000
  const auto* alter = castNode(ATAlterConstraint, command->def);
  return alter->alterEnforceability ? alter->conname : nullptr;
#else
  return nullptr;
#endif
}
// VACUUM and ANALYZE of a parent do its children too, unless it is ONLY.
inline constexpr bool kVacuumDescends = PG_VERSION_NUM >= 180000;
// GRANT and REVOKE lock what they are on.
inline constexpr bool kGrantLocks = PG_VERSION_NUM >= 180000;

// CLUSTER, from 19 on a form of REPACK.
#if PG_VERSION_NUM >= 190000
using ClusterStatement = RepackStmt;
inline constexpr NodeTag kClusterTag = T_RepackStmt;
inline const RangeVar* ClusteredTable(const RepackStmt* repack) {
  return repack->relation == nullptr ? nullptr : repack->relation->relation;
}
inline List* ClusterOptions(const RepackStmt* repack) { return repack->params; }
#else
using ClusterStatement = ClusterStmt;
inline constexpr NodeTag kClusterTag = T_ClusterStmt;
inline const RangeVar* ClusteredTable(const ClusterStmt* cluster) { return cluster->relation; }
inline List* ClusterOptions(const ClusterStmt* cluster) { return cluster->params; }
#endif

// Whether a backslash in a plain string is one: from 19 on always. Returns what it was.
inline bool SetStandardStrings(bool on) {
#if PG_VERSION_NUM >= 190000
  return on;
#else
  return std::exchange(standard_conforming_strings, on);
#endif
}

inline void ScanStandardStrings(core_yy_extra_type& extra) {
#if PG_VERSION_NUM < 190000
  extra.standard_conforming_strings = true;
#endif
}

inline void PrunePage(Relation table, Buffer page) {
#if PG_VERSION_NUM >= 190000
  Buffer map = InvalidBuffer;
  heap_page_prune_opt(table, page, &map, false);
  if (BufferIsValid(map)) ReleaseBuffer(map);
#else
  heap_page_prune_opt(table, page);
#endif
}

inline bool IsDomainWithConstraints(Oid type) {
#if PG_VERSION_NUM >= 190000
  return DomainHasConstraints(type, nullptr);
#else
  return DomainHasConstraints(type);
#endif
}

}  // namespace headway::pg::compat
