// What the server calls when it loads the library.
#include "commands/backfill_resumption.hpp"
#include "commands/safe_operation.hpp"
#include "commands/worker_jobs.hpp"
#include "pg/entry_point.hpp"
#include "pg/parse/script.hpp"
#include "pg/process/resumption.hpp"
#include "pg/process/worker.hpp"
#include "pg/settings.hpp"

extern "C" {
PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);

void _PG_init(void) {
  headway::pg::DefineSettings();
  headway::pg::RegisterResumption();
  headway::pg::SetLeftBehindList(headway::server::ListLeftBehind);
  headway::pg::SetWorkerBody(headway::server::RunWorkerRequest);
  headway::pg::SetOwnTransactionsTest(headway::server::HasOwnTransactions);
}
}
