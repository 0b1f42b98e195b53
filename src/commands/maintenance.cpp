#include "commands/maintenance.hpp"

#include <algorithm>

#include "adapters/version_table.hpp"
#include "commands/inspection.hpp"
#include "commands/no_run.hpp"
#include "commands/other_runner.hpp"
#include "core/format.hpp"
#include "core/graph_errors.hpp"
#include "core/identifier.hpp"
#include "core/names.hpp"
#include "core/sqlstate.hpp"
#include "pg/backend.hpp"
#include "pg/process/runner_lock.hpp"
#include "pg/spi.hpp"

namespace headway::server {

namespace {

constexpr char kTryAgain[] = "Try again when the run has ended.";

using core::Error;
using core::Format;

pg::PreparedQuery load_replicated(
    "SELECT 'published by ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(CAST(p.pubname AS pg_catalog.text))"
    " FROM pg_catalog.pg_publication_tables p WHERE p.schemaname OPERATOR(pg_catalog.=) 'headway'"
    " AND p.tablename OPERATOR(pg_catalog.=) 'version' UNION ALL"
    " SELECT 'subscribed to' FROM pg_catalog.pg_subscription_rel s"
    " WHERE s.srrelid OPERATOR(pg_catalog.=) CAST(CAST('headway.version' AS pg_catalog.regclass) AS pg_catalog.oid) "
    "ORDER BY 1",
    "");
pg::PreparedQuery load_irreversible("SELECT revision FROM headway.revision WHERE downgrade IS NULL ORDER BY revision",
                                    "");
pg::PreparedQuery load_unfinished("SELECT DISTINCT revision FROM headway.unfinished ORDER BY revision", "");
pg::PreparedQuery delete_revision("DELETE FROM headway.revision WHERE revision OPERATOR(pg_catalog.=) $1", "t");
pg::PreparedQuery delete_unfinished("DELETE FROM headway.unfinished WHERE revision OPERATOR(pg_catalog.=) $1", "t");

[[noreturn]] void Refuse(const std::string& revision, const char* why, const std::string& detail, const char* hint) {
  throw Error(core::sqlstate::kStillNeeded, Format("revision %1% %2%", revision, why), detail, hint);
}

// A label names a branch, not a file: only ids and their prefixes are taken.
core::RevisionIndex Named(const core::RevisionGraph& graph, const std::string& revision) {
  const auto matches = graph.Matches(revision);
  if (matches.size() > 1) core::ThrowAmbiguousRevision(revision, matches);
  if (matches.empty()) core::ThrowUnknownRevision(graph, revision);
  const auto& [index, name] = matches.front();
  if (name != graph.id(index)) {
    throw Error(core::sqlstate::kUnknownRevision, Format("\"%1%\" is a branch label, not a revision", name), {},
                Format("Its branch begins at revision %1%.", graph.id(index)));
  }
  return index;
}

void RequireUnneeded(const DatabaseState& state, core::RevisionIndex index) {
  const core::RevisionGraph& graph = state.graph;
  const std::string& id = graph.id(index);
  if (state.applied.Contains(index)) {
    Refuse(id, "is applied", "Without its scripts it could not be downgraded, nor anything below it.",
           "Downgrade it first, or say force => true.");
  }
  if (!graph.Followers(index).empty()) {
    Refuse(id, "is needed by other revisions",
           Format("These follow it or depend on it: %1%.", core::ListNames(graph.Names(graph.Followers(index)))),
           "Forget those first, or say force => true.");
  }
  const std::vector<std::string> unfinished = load_unfinished.Run().Column();
  if (std::find(unfinished.begin(), unfinished.end(), id) != unfinished.end()) {
    Refuse(id, "has been begun", "A run of it has stopped in the middle: see headway.unfinished.",
           "Let it finish, or undo its statements by hand and say force => true.");
  }
}

}  // namespace

std::vector<core::Finding> Check(bool reversible) {
  const DatabaseState state = DatabaseState::Load();
  core::CheckedTables tables;
  tables.current = state.heads;
  tables.replicated = load_replicated.Run().Column();
  if (reversible) tables.irreversible = load_irreversible.Run().Column();
  tables.unfinished = load_unfinished.Run().Column();
  const OtherRunner other = FindOtherRunner();
  if (!other.tool.empty()) {
    tables.not_taken_over =
        Format("%1% says that another tool has run revisions here. %2%", other.table, TakeOverHint(other));
  }
  tables.mirror_differs = DescribeMirrorOutOfStep(state.heads);
  return core::Examine(state.graph, tables);
}

std::string Forget(const std::string& revision, bool force) {
  pg::WaitForRegistrationLock();
  RequireNoRun("no revision can be forgotten while a migration run is in progress", kTryAgain);
  const DatabaseState state = DatabaseState::Load();
  const core::RevisionIndex index = Named(state.graph, revision);
  if (!force) RequireUnneeded(state, index);
  const std::string& id = state.graph.id(index);
  delete_unfinished.Run({id});
  delete_revision.Run({id});
  return id;
}

bool ForgetProgress(const std::string& revision) {
  RequireNoRun("no progress can be forgotten while a migration run is in progress", kTryAgain);
  // What is not registered any more may still be there.
  if (delete_unfinished.Run({revision}).processed > 0) return true;
  const DatabaseState state = DatabaseState::Load();
  const std::string& id = state.graph.id(Named(state.graph, revision));
  if (delete_unfinished.Run({id}).processed > 0) return true;
  pg::ReportNotice(Format("no run of revision %1% has stopped in the middle", id), {}, {});
  return false;
}

}  // namespace headway::server
