#include "commands/nothing_to_do.hpp"

#include "adapters/revision_store.hpp"
#include "core/error.hpp"
#include "core/names.hpp"
#include "engine/migrator.hpp"
#include "pg/backend.hpp"
#include "pg/process/transaction.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"

namespace headway::server {

namespace {

pg::PreparedQuery find_settled(
    "SELECT pg_catalog.array_to_string(g.heads, ',') FROM headway.graph AS g WHERE g.target OPERATOR(pg_catalog.=) $1 "
    "AND g.heads OPERATOR(pg_catalog.=) ARRAY(SELECT v.revision FROM headway.version AS v ORDER BY v.revision)",
    "t");
pg::PreparedQuery load_edition("SELECT CAST(changed_by AS pg_catalog.text) FROM headway.graph", "");
// A transaction that changes the revisions holds the row until it ends: it is not waited for.
pg::PreparedQuery note_settled(
    "UPDATE headway.graph SET target = $2, heads = $3 WHERE ctid OPERATOR(pg_catalog.=) (SELECT g.ctid "
    "FROM headway.graph AS g WHERE CAST(g.changed_by AS pg_catalog.text) OPERATOR(pg_catalog.=) $1 "
    "FOR UPDATE SKIP LOCKED)",
    "ttT");
// Once in a transaction, unless a run in it has noted something meanwhile.
pg::PreparedQuery forget_settled(
    "UPDATE headway.graph SET changed_by = pg_catalog.pg_current_xact_id(), target = NULL, heads = NULL "
    "WHERE changed_by OPERATOR(pg_catalog.<>) pg_catalog.pg_current_xact_id() OR target IS NOT NULL",
    "");

// In a savepoint that is rolled back: locks that stay would bar the way through a worker.
pg::Field FindSettled(const std::string& target) {
  pg::Savepoint savepoint = pg::OpenSavepoint();
  pg::Field heads;
  try {
    heads = find_settled.Run({target}).Single();
  } catch (const core::Error&) {
    pg::RollbackSavepoint(savepoint);
    throw;
  }
  pg::RollbackSavepoint(savepoint);
  return heads;
}

}  // namespace

bool HasNothingToDo(const std::string& target) {
  // Another table follows the heads, and is looked at by every run.
  if (!pg::MirrorVersionTable().empty()) return false;
  const pg::Field heads = FindSettled(target);
  if (!heads) return false;
  pg::ReportNotice(engine::NothingToDo(core::SplitNames(*heads)), {}, {});
  return true;
}

std::string GraphEdition() { return load_edition.Run().Single().value_or(""); }

void NoteNothingToDo(const std::string& edition, const std::string& target, const core::Heads& heads) {
  note_settled.Run({edition, target, heads});
}

Datum ForgetNothingToDo() {
  forget_settled.Run();
  return 0;  // an AFTER trigger has nothing to return
}

}  // namespace headway::server
