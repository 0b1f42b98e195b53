#include "pg/portal.hpp"

#include "pg/compat.hpp"
#include "pg/text.hpp"

namespace headway::pg {

namespace {

// REQUIRES: inside a guard; everything lives in the current memory context.
List* PlanStatement(RawStmt* raw, const char* text) {
  const bool needs_snapshot = analyze_requires_snapshot(raw);
  if (needs_snapshot) PushActiveSnapshot(GetTransactionSnapshot());
  List* queries = compat::AnalyzeAndRewrite(raw, text);
  List* plans = pg_plan_queries(queries, text, CURSOR_OPT_PARALLEL_OK, nullptr);
  // Execution takes a snapshot of its own, after the locks.
  if (needs_snapshot) PopActiveSnapshot();
  return plans;
}

void RunPlans(RawStmt* raw, const char* text, List* plans, bool top_level) {
  const CommandTag tag = CreateCommandTag(raw->stmt);
  // Never the unnamed portal: in the caller's transaction that one is the caller's.
  Portal portal = CreateNewPortal();
  portal->visible = false;
  compat::DefinePortal(portal, text, tag, plans);
  PortalStart(portal, nullptr, 0, InvalidSnapshot);
  DestReceiver* receiver = CreateDestReceiver(DestNone);
  compat::RunPortal(portal, top_level, receiver, nullptr);
  receiver->rDestroy(receiver);
  PortalDrop(portal, false);
}

}  // namespace

void RunStatement(const std::string& text, bool top_level) {
  Guarded([&] {
    // The trees must outlive the transactions that a CONCURRENTLY statement ends and begins; after an error they go
    // with the session's context that is current around the run.
    MemoryContext context = AllocSetContextCreate(top_level ? TopMemoryContext : CurrentMemoryContext,
                                                  "pg_headway statement", ALLOCSET_DEFAULT_SIZES);
    PG_TRY();
    {
      MemoryContext caller = MemoryContextSwitchTo(context);
      const char* copy = pstrdup(text.c_str());
      ListCell* cell;
      List* raw_statements = pg_parse_query(copy);
      foreach (cell, raw_statements) {
        auto* raw = lfirst_node(RawStmt, cell);
        CHECK_FOR_INTERRUPTS();
        List* plans = PlanStatement(raw, copy);
        MemoryContextSwitchTo(top_level ? CurTransactionContext : caller);
        RunPlans(raw, copy, plans, top_level);
        if (IsTransactionState()) CommandCounterIncrement();
        MemoryContextSwitchTo(context);
      }
    }
    PG_FINALLY();
    {
      MemoryContextSwitchTo(top_level ? TopMemoryContext : MemoryContextGetParent(context));
      MemoryContextDelete(context);
    }
    PG_END_TRY();
  });
}

}  // namespace headway::pg
