#include "pg/process/portal.hpp"

#include "core/sqlstate.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/parse/raw_parse.hpp"
#include "pg/process/transaction.hpp"

extern "C" {
#include "utils/timeout.h"
}

namespace headway::pg {

namespace {

// REQUIRES: inside a guard; everything lives in the current memory context.
List* PlanStatement(RawStmt* raw, const char* text) {
  const bool needs_snapshot = analyze_requires_snapshot(raw);
  if (needs_snapshot) PushActiveSnapshot(GetTransactionSnapshot());
  List* queries = pg_analyze_and_rewrite_fixedparams(raw, text, nullptr, 0, nullptr);
  List* plans = pg_plan_queries(queries, text, CURSOR_OPT_PARALLEL_OK, nullptr);
  // Execution takes a snapshot of its own, after the locks.
  if (needs_snapshot) PopActiveSnapshot();
  return plans;
}

// log_statement = ddl is how many keep their audit trail: a worker's statements belong there.
void LogStatement(const RawStmt* raw, const char* text) {
  if (log_statement == LOGSTMT_NONE || GetCommandLogLevel(raw->stmt) > log_statement) return;
  ereport(LOG, (errmsg("statement: %s", text), errhidestmt(true)));
}

// A script's own SET statement_timeout; the caller's timer runs in the leader, for the whole call.
void StartStatementTimer() {
  if (StatementTimeout > 0) enable_timeout_after(STATEMENT_TIMEOUT, StatementTimeout);
}

void StopStatementTimer() {
  if (get_timeout_active(STATEMENT_TIMEOUT)) disable_timeout(STATEMENT_TIMEOUT, false);
}

void RunPlans(RawStmt* raw, const char* text, List* plans, bool top_level) {
  const CommandTag tag = CreateCommandTag(raw->stmt);
  // Never the unnamed portal: in the caller's transaction that one is the caller's.
  Portal portal = CreateNewPortal();
  portal->visible = false;
  PortalDefineQuery(portal, nullptr, text, tag, plans, nullptr);
  PortalStart(portal, nullptr, 0, InvalidSnapshot);
  DestReceiver* receiver = CreateDestReceiver(DestNone);
  compat::RunPortal(portal, top_level, receiver, nullptr);
  receiver->rDestroy(receiver);
  PortalDrop(portal, false);
}

// The trees must outlive the transactions that a CONCURRENTLY statement ends and begins.
void RunText(const char* text, bool top_level) {
  MemoryContext parent = top_level ? TopMemoryContext : CurrentMemoryContext;
  MemoryContext context = AllocSetContextCreate(parent, "pg_headway statement", ALLOCSET_DEFAULT_SIZES);
  if (top_level) StartStatementTimer();
  PG_TRY();
  {
    MemoryContext caller = MemoryContextSwitchTo(context);
    const char* copy = pstrdup(text);
    List* raw_statements = ParseStatements(copy);
    if (list_length(raw_statements) != 1) elog(ERROR, "expected one statement, not %d", list_length(raw_statements));
    auto* raw = linitial_node(RawStmt, raw_statements);
    CHECK_FOR_INTERRUPTS();
    if (top_level) LogStatement(raw, copy);
    List* plans = PlanStatement(raw, copy);
    MemoryContextSwitchTo(top_level ? CurTransactionContext : caller);
    RunPlans(raw, copy, plans, top_level);
    if (IsTransactionState()) CommandCounterIncrement();
    MemoryContextSwitchTo(context);
  }
  PG_FINALLY();
  {
    if (top_level) StopStatementTimer();
    MemoryContextSwitchTo(parent);
    MemoryContextDelete(context);
  }
  PG_END_TRY();
  if (top_level && IsTransactionState()) MemoryContextSwitchTo(CurTransactionContext);
}

// The server's messages are made for functions.
void ExplainShutInRole(core::ErrorReport& report) {
  if (!IsRoleShutIn() || !report.hint.empty()) return;
  if (report.sqlstate == core::sqlstate::kInvalidTransactionTermination) {
    report.hint =
        "The caller has set a role; what runs for it is a transaction. Connect as the role that is to run it.";
    return;
  }
  const std::string_view message = report.message;
  constexpr std::string_view kBegin = "cannot set parameter ";
  constexpr std::string_view kEnd = " within security-definer function";
  if (message.size() < kBegin.size() + kEnd.size()) return;
  if (message.substr(0, kBegin.size()) != kBegin || message.substr(message.size() - kEnd.size()) != kEnd) return;
  report.hint =
      "The caller has set a role; what runs for it cannot leave that role. Connect as the role that is to run it.";
}

}  // namespace

void RunStatement(const std::string& text, bool top_level) {
  // The guard copies an error into the context that is current here. A statement at top level may have ended the
  // transaction that this one belonged to.
  if (top_level) MemoryContextSwitchTo(TopMemoryContext);
  try {
    Guarded([&] { RunText(text.c_str(), top_level); });
  } catch (core::Error& error) {
    ExplainShutInRole(error.report());
    ShowAsInternalQuery(error.report(), text);
    throw;
  }
}

}  // namespace headway::pg
