#include "pg/process/top_level_call.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"

namespace headway::pg {

namespace {

// Whether an expression tree holds this very node: the call must be the portal's own, not a function's inside it.
bool FindNode(Node* node, void* wanted) {
  if (node == nullptr) return false;
  if (node == wanted) return true;
  return compat::WalkExpression(node, FindNode, wanted);
}

bool PlanHolds(Plan* plan, Node* wanted);

bool AnyPlanHolds(List* plans, Node* wanted) {
  ListCell* cell;
  foreach (cell, plans) {
    if (PlanHolds(static_cast<Plan*>(lfirst(cell)), wanted)) return true;
  }
  return false;
}

bool ScanHolds(Plan* plan, Node* wanted) {
  switch (nodeTag(plan)) {
    case T_FunctionScan: {
      ListCell* cell;
      foreach (cell, castNode(FunctionScan, plan)->functions) {
        if (FindNode(lfirst_node(RangeTblFunction, cell)->funcexpr, wanted)) return true;
      }
      return false;
    }
    case T_ValuesScan:
      return FindNode(reinterpret_cast<Node*>(castNode(ValuesScan, plan)->values_lists), wanted);
    case T_SubqueryScan:
      return PlanHolds(castNode(SubqueryScan, plan)->subplan, wanted);
    case T_Append:
      return AnyPlanHolds(castNode(Append, plan)->appendplans, wanted);
    case T_Result:
      return FindNode(castNode(Result, plan)->resconstantqual, wanted);
    default:
      return false;
  }
}

bool PlanHolds(Plan* plan, Node* wanted) {
  if (plan == nullptr) return false;
  return FindNode(reinterpret_cast<Node*>(plan->targetlist), wanted) ||
         FindNode(reinterpret_cast<Node*>(plan->qual), wanted) || ScanHolds(plan, wanted) ||
         PlanHolds(plan->lefttree, wanted) || PlanHolds(plan->righttree, wanted);
}

bool ReadsRelations(const PlannedStmt* statement) {
  ListCell* cell;
  foreach (cell, statement->rtable) {
    if (lfirst_node(RangeTblEntry, cell)->rtekind == RTE_RELATION) return true;
  }
  return false;
}

// Locks that a worker could run into. Advisory locks may stay: whether one is in the way is watched during the wait.
bool HoldsLocks() {
  LockData* data = GetLockStatusData();
  bool found = false;
  for (int i = 0; i < data->nelements && !found; ++i) {
    const LockInstanceData& lock = data->locks[i];
    if (lock.pid != MyProcPid || lock.locktag.locktag_type == LOCKTAG_ADVISORY) continue;
    const bool own_transaction = lock.locktag.locktag_type == LOCKTAG_VIRTUALTRANSACTION;
    found = !own_transaction;
  }
  pfree(data->locks);
  pfree(data);
  return found;
}

bool HoldsOnlyPortalSnapshot(const QueryDesc* query) {
  return ActiveSnapshotSet() && GetActiveSnapshot() == query->snapshot && query->estate != nullptr &&
         query->estate->es_snapshot == query->snapshot && query->snapshot->active_count == 1 &&
         query->snapshot->regd_count == 2;
}

constexpr char kAlone[] =
    "Call it as a statement of its own, outside of BEGIN, with autocommit on in a driver (psycopg: "
    "connection.autocommit "
    "= True, and no \"with connection\"; SQLAlchemy: execution_options(isolation_level=\"AUTOCOMMIT\")).";
constexpr char kFromClient[] = "Call it by a plain SELECT from the client, not from a function, a DO block or a query.";

// Constants.
struct Reason {
  const char* why = nullptr;  // null: the call is alone
  const char* remedy = kAlone;
  bool by_accident = false;
};

Reason InBlock() {
  if (PortalIsValid(GetPortalByName("_psql_cursor"))) {
    return {"psql's FETCH_COUNT is set: it reads results by a cursor, in a transaction block.",
            "Unset it for this: \\unset FETCH_COUNT.", true};
  }
  return {"It is called inside a transaction block."};
}

// REQUIRES: inside a guard.
Reason ReasonOf(FunctionCallInfo fcinfo) {
  if (IsTransactionBlock() || GetCurrentTransactionNestLevel() != 1) return InBlock();
  if (ActivePortal == nullptr || ActivePortal->strategy != PORTAL_ONE_SELECT || ActivePortal->queryDesc == nullptr) {
    return {"It is called from a function, a DO block or a statement that is not a plain SELECT.", kFromClient};
  }
  const QueryDesc* query = ActivePortal->queryDesc;
  auto* call = fcinfo->flinfo->fn_expr;
  bool own = call != nullptr && PlanHolds(query->plannedstmt->planTree, call);
  own = own || AnyPlanHolds(query->plannedstmt->subplans, call);
  if (!own) return {"It is called from a function or a DO block.", kFromClient};
  if (GetUserId() != GetOuterUserId()) return {"It is called from a SECURITY DEFINER function.", kFromClient};
  if (ReadsRelations(query->plannedstmt)) {
    return {"The statement that calls it reads from a table.", "Leave the table out of the SELECT that calls it."};
  }
  if (IsolationUsesXactSnapshot()) {
    return {"The transaction is not READ COMMITTED.",
            "SET default_transaction_isolation = 'read committed' in this session; the role or the database may have "
            "another default (ALTER ROLE ... SET).",
            true};
  }
  if (TransactionIdIsValid(GetTopTransactionIdIfAny())) return {"The transaction has already written something."};
  if (XactHasExportedSnapshots()) return {"The transaction has exported its snapshot."};
  if (HoldsLocks()) return {"The transaction already holds locks."};
  if (!HoldsOnlyPortalSnapshot(query)) return {"The statement holds further snapshots."};
  return {};
}

}  // namespace

core::Surroundings SurroundingsOf(FunctionCallInfo fcinfo) {
  const Reason reason = Guarded([&] { return ReasonOf(fcinfo); });
  if (reason.why == nullptr) return {};
  return {reason.why, reason.remedy, reason.by_accident};
}

core::Surroundings OtherSnapshot() {
  return {"The session holds another snapshot (a cursor WITH HOLD, perhaps).", "Close what holds it: CLOSE ALL.", true};
}

void RequireWritable(const char* function) {
  if (RecoveryInProgress()) {
    throw core::Error(core::sqlstate::kReadOnlySqlTransaction,
                      core::Format("cannot execute %1%() during recovery", function), "This server is a standby.",
                      "Connect to the primary.");
  }
  if (XactReadOnly) {
    throw core::Error(core::sqlstate::kReadOnlySqlTransaction,
                      core::Format("cannot execute %1%() in a read-only transaction", function), {},
                      "Check default_transaction_read_only, or use a READ WRITE transaction.");
  }
}

SnapshotRelease::SnapshotRelease() {
  complete_ = Guarded([] {
    QueryDesc* query = ActivePortal->queryDesc;
    Snapshot snapshot = query->snapshot;
    PopActiveSnapshot();
    UnregisterSnapshot(snapshot);
    UnregisterSnapshot(snapshot);
    query->snapshot = nullptr;
    query->estate->es_snapshot = nullptr;
    InvalidateCatalogSnapshot();
    return !TransactionIdIsValid(MyProc->xmin);
  });
  if (!complete_) return;
  // Whoever builds an index concurrently may have seen our snapshot and wait for the end of our transaction, which
  // waits for its turn behind that build. Without a snapshot it is over as far as they are concerned. An error ends it,
  // too: then there is nothing left to unlock.
  Guarded([] { VirtualXactLockTableCleanup(); });
  unlocked_ = true;
}

void SnapshotRelease::Restore() {
  const bool unlocked = unlocked_;
  unlocked_ = false;
  Guarded([unlocked] {
    QueryDesc* query = ActivePortal->queryDesc;
    // Before the snapshot: whoever sees that has to be able to wait for us.
    if (unlocked) VirtualXactLockTableInsert(compat::OwnVirtualTransaction());
    PushActiveSnapshot(GetTransactionSnapshot());
    query->snapshot = RegisterSnapshot(GetActiveSnapshot());
    query->estate->es_snapshot = RegisterSnapshot(query->snapshot);
  });
}

}  // namespace headway::pg
