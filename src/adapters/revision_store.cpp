#include "adapters/revision_store.hpp"

#include <unordered_map>

#include "adapters/backfill_job.hpp"
#include "adapters/version_table.hpp"
#include "core/format.hpp"
#include "core/names.hpp"
#include "core/sqlstate.hpp"
#include "pg/parse/script.hpp"
#include "pg/process/roles.hpp"
#include "pg/process/worker.hpp"
#include "pg/spi.hpp"

namespace headway::server {

namespace {

using core::Format;
using pg::PreparedQuery;
using pg::TextOrNull;

PreparedQuery load_revisions(
    "SELECT revision, pg_catalog.array_to_string(down_revision, ','), pg_catalog.array_to_string(depends_on, ','), "
    "pg_catalog.array_to_string(branch_labels, ','), message FROM headway.revision ORDER BY revision",
    "");
PreparedQuery load_heads("SELECT revision FROM headway.version ORDER BY revision", "");
PreparedQuery load_facts(
    "SELECT revision, downgrade IS NOT NULL, upgrade_in_transaction, downgrade_in_transaction, registered_by, "
    "registered_by_oid "
    "FROM headway.revision WHERE revision OPERATOR(pg_catalog.=) ANY ($1)",
    "T");
PreparedQuery load_unfinished("SELECT revision, direction FROM headway.unfinished", "");
PreparedQuery load_upgrade(
    "SELECT upgrade, registered_by, registered_by_oid FROM headway.revision WHERE revision OPERATOR(pg_catalog.=) $1",
    "t");
PreparedQuery load_downgrade(
    "SELECT downgrade, registered_by, registered_by_oid FROM headway.revision WHERE revision OPERATOR(pg_catalog.=) $1",
    "t");
PreparedQuery replace_head("UPDATE headway.version SET revision = $2 WHERE revision OPERATOR(pg_catalog.=) $1", "tt");
PreparedQuery remove_head("DELETE FROM headway.version WHERE revision OPERATOR(pg_catalog.=) $1", "t");
PreparedQuery add_head("INSERT INTO headway.version (revision) VALUES ($1) ON CONFLICT DO NOTHING", "t");
#define HISTORY_COLUMNS                                                                                            \
  "revision, direction, result, started_at, finished_at, lock_tries, statement, line, sqlstate, message, detail, " \
  "hint, context, client"
#define HISTORY_VALUES                                                                                              \
  "$1, $2, $3, pg_catalog.to_timestamp($4 OPERATOR(pg_catalog./) 1000.0), "                                         \
  "CASE WHEN $3 OPERATOR(pg_catalog.=) 'running' THEN NULL ELSE pg_catalog.clock_timestamp() END, $5, $6, $7, $8, " \
  "$9, $10, $11, $12, $13"
PreparedQuery insert_history("INSERT INTO headway.step (" HISTORY_COLUMNS ") VALUES (" HISTORY_VALUES
                             ")"
                             " ON CONFLICT (id) DO NOTHING RETURNING id",
                             "tttiiiitttttt");
// Logical replication brings rows and not how far their sequence is. One run at a time writes here.
PreparedQuery insert_history_behind(
    "INSERT INTO headway.step (id, " HISTORY_COLUMNS
    ") VALUES ("
    "(SELECT pg_catalog.max(h.id) OPERATOR(pg_catalog.+) 1 FROM headway.step h), " HISTORY_VALUES ") RETURNING id",
    "tttiiiitttttt");
PreparedQuery update_history(
    "UPDATE headway.step SET result = $2, finished_at = pg_catalog.clock_timestamp(), lock_tries = $3, "
    "statement = $4, line = $5, sqlstate = $6, message = $7, detail = $8, hint = $9, context = $10 "
    "WHERE id OPERATOR(pg_catalog.=) $1",
    "itiiittttt");
PreparedQuery close_interrupted(
    "UPDATE headway.step SET result = 'interrupted' WHERE result OPERATOR(pg_catalog.=) 'running'", "");
PreparedQuery load_progress(
    "SELECT script, statements_done FROM headway.unfinished "
    "WHERE revision OPERATOR(pg_catalog.=) $1 AND direction OPERATOR(pg_catalog.=) $2",
    "tt");
PreparedQuery save_progress(
    "INSERT INTO headway.unfinished AS u (revision, direction, script, statements_done) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (revision, direction) DO UPDATE SET script = $3, statements_done = $4, "
    "updated_at = pg_catalog.clock_timestamp()",
    "ttti");
PreparedQuery delete_progress(
    "DELETE FROM headway.unfinished "
    "WHERE revision OPERATOR(pg_catalog.=) $1 AND direction OPERATOR(pg_catalog.=) $2",
    "tt");
PreparedQuery find_registered(
    "SELECT revision, pg_catalog.array_to_string(down_revision, ','), pg_catalog.array_to_string(depends_on, ','), "
    "pg_catalog.array_to_string(branch_labels, ','), message, upgrade, downgrade, upgrade_in_transaction, "
    "downgrade_in_transaction FROM headway.revision WHERE revision OPERATOR(pg_catalog.=) $1",
    "t");
PreparedQuery find_registrant("SELECT registered_by_oid FROM headway.revision WHERE revision OPERATOR(pg_catalog.=) $1",
                              "t");
PreparedQuery write_registered(
    "INSERT INTO headway.revision (revision, down_revision, depends_on, branch_labels, message, upgrade, downgrade, "
    "upgrade_in_transaction, downgrade_in_transaction) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
    "ON CONFLICT (revision) DO UPDATE SET down_revision = $2, depends_on = $3, branch_labels = $4, message = $5, "
    "upgrade = $6, downgrade = $7, upgrade_in_transaction = $8, downgrade_in_transaction = $9, "
    "registered_by = current_user, registered_at = pg_catalog.clock_timestamp()",
    "tTTTtttbb");

std::string TextOf(const pg::Field& field) { return field.value_or(std::string()); }

[[noreturn]] void ThrowMismatch(const std::string& revision, const char* expected) {
  throw core::Error(
      core::sqlstate::kVersionMismatch,
      Format("headway.version is not what the plan expects: %1% should %2% a row of it", revision, expected),
      "It has been changed since the run was planned. This step has been undone.",
      "See migrate_current(), then run it again.");
}

[[noreturn]] void ThrowNoLongerRegistered(const std::string& revision) {
  throw core::Error(core::sqlstate::kUnknownRevision, Format("revision %1% is no longer registered", revision), {},
                    "Register it again, then run again.");
}

void RequireOne(const pg::QueryResult& result, const std::string& revision, const char* expected) {
  if (result.processed != 1) ThrowMismatch(revision, expected);
}

void ReplaceRows(const core::Heads& removed, const core::Heads& added) {
  if (removed.size() == 1 && added.size() == 1) {
    RequireOne(replace_head.Run({removed.front(), added.front()}), removed.front(), "be");
    return;
  }
  for (const std::string& revision : removed) RequireOne(remove_head.Run({revision}), revision, "be");
  for (const std::string& revision : added) RequireOne(add_head.Run({revision}), revision, "not be");
}

// The first five columns: id, parents, dependencies, labels, message.
core::Revision ReadRevision(const pg::Row& row) {
  core::Revision revision;
  revision.id = *row[0];
  revision.down_revisions = core::SplitNames(*row[1]);
  revision.depends_on = core::SplitNames(*row[2]);
  revision.branch_labels = core::SplitNames(*row[3]);
  revision.message = *row[4];
  return revision;
}

}  // namespace

std::vector<core::Revision> RevisionStore::LoadRevisions() {
  std::vector<core::Revision> revisions;
  load_revisions.ForEach({}, [&](pg::Row& row) { revisions.push_back(ReadRevision(row)); });
  return revisions;
}

core::Heads RevisionStore::LoadHeads() { return load_heads.Run().Column(); }

std::vector<engine::StepFacts> RevisionStore::LoadFacts(const std::vector<std::string>& revisions) {
  std::unordered_map<std::string_view, std::size_t> places;
  places.reserve(revisions.size());
  for (const std::string& revision : revisions) places.emplace(revision, places.size());
  std::vector<engine::StepFacts> facts(revisions.size());
  std::map<std::string, std::string> at_risk;
  const std::string current_user = pg::CurrentUserName();
  load_facts.ForEach({revisions}, [&](pg::Row& row) {
    engine::StepFacts& step = facts[places.at(*row[0])];
    step.revision = std::move(*row[0]);
    step.reversible = pg::IsTrue(row[1]);
    step.upgrade_in_transaction = pg::IsTrue(row[2]);
    step.downgrade_in_transaction = pg::IsTrue(row[3]);
    step.registered_by = std::move(*row[4]);
    auto known = at_risk.find(*row[5]);
    if (known == at_risk.end()) known = at_risk.emplace(*row[5], pg::RoleAtRiskFrom(pg::ToOid(row[5]))).first;
    step.role_at_risk = known->second;
    step.is_current_user_at_risk = step.role_at_risk == current_user;
  });
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (facts[i].revision.empty()) ThrowNoLongerRegistered(revisions[i]);
  }
  // What has stopped in the middle is not through, whatever its script has become: it must not run in one go.
  for (const pg::Row& row : load_unfinished.Run().rows) {
    const auto place = places.find(*row[0]);
    if (place == places.end()) continue;
    engine::StepFacts& step = facts[place->second];
    (*row[1] == "upgrade" ? step.upgrade_in_transaction : step.downgrade_in_transaction) = false;
  }
  return facts;
}

namespace {

struct StoredScript {
  std::string text;
  std::string registered_by;
  Oid registered_by_oid = pg::kNoOid;
};

StoredScript ReadStored(const std::string& revision, core::Direction direction) {
  PreparedQuery& query = direction == core::Direction::kUpgrade ? load_upgrade : load_downgrade;
  const pg::QueryResult result = query.Run({revision});
  if (result.rows.empty()) ThrowNoLongerRegistered(revision);
  const pg::Row& row = result.rows.front();
  if (!row[0]) {
    throw core::Error(core::sqlstate::kIrreversible, Format("revision %1% cannot be downgraded any more", revision),
                      "It was registered again, with downgrade => NULL, while this run was in progress.");
  }
  return {*row[0], *row[1], pg::ToOid(row[2])};
}

}  // namespace

// The plan was checked in an earlier transaction: whoever registers meanwhile must not get a script past that check.
std::string RevisionStore::LoadScript(const std::string& revision, core::Direction direction) {
  const StoredScript script = ReadStored(revision, direction);
  if (pg::RoleAtRiskFrom(script.registered_by_oid).empty()) return script.text;
  throw core::Error(core::sqlstate::kInsufficientPrivilege,
                    Format("revision %1% was registered again by a role without your privileges", revision),
                    Format("It was registered by \"%1%\" while this run was in progress.", script.registered_by),
                    "Read the script in headway.revision; to vouch for it, register the same revision again yourself.");
}

std::string RevisionStore::ReadScript(const std::string& revision, core::Direction direction) {
  return ReadStored(revision, direction).text;
}

void RevisionStore::ChangeHeads(const core::Heads& removed, const core::Heads& added) {
  ReplaceRows(removed, added);
  if (const auto mirror = VersionTable::Mirror()) mirror->Change(removed, added);
}

void RevisionStore::StampHeads(const core::Heads& removed, const core::Heads& added) {
  ReplaceRows(removed, added);
  if (const auto mirror = VersionTable::Mirror()) mirror->Rewrite(LoadHeads());
}

void RevisionStore::RequireMirrorInStep(const core::Heads& heads) { server::RequireMirrorInStep(heads); }

namespace {

// A worker that its leader has cancelled knows of a cancel only; why is the leader's error: a timeout, a deadlock. One
// that is terminated is cancelled first.
engine::HistoryEntry WithReason(engine::HistoryEntry entry) {
  if (entry.result != "cancelled") return entry;
  const auto reason = pg::WhyStopped();
  if (!reason) return entry;
  entry.error.sqlstate = reason->sqlstate;
  entry.error.message = reason->message;
  entry.error.detail = reason->detail;
  entry.error.hint = reason->hint;
  const bool stopped =
      reason->sqlstate == core::sqlstate::kQueryCanceled || reason->sqlstate == core::sqlstate::kAdminShutdown;
  if (!stopped) entry.result = "failed";
  return entry;
}

}  // namespace

std::int64_t RevisionStore::Record(const engine::HistoryEntry& given) {
  const engine::HistoryEntry entry = WithReason(given);
  const core::ErrorReport none;
  const bool failed = entry.result != "done" && entry.result != "running";
  const core::ErrorReport& error = failed ? entry.error : none;
  const pg::Param sqlstate = failed ? pg::Param(error.sqlstate) : pg::Param();
  const pg::Param statement = entry.statement > 0 ? pg::Param(entry.statement) : pg::Param();
  const pg::Param line = entry.line > 0 ? pg::Param(entry.line) : pg::Param();
  if (entry.id != 0) {
    update_history.Run({entry.id, entry.result, entry.lock_tries, statement, line, sqlstate, TextOrNull(error.message),
                        TextOrNull(error.detail), TextOrNull(error.hint), TextOrNull(error.context)});
    return entry.id;
  }
  const std::string client = pg::ClientAddress();
  const auto insert = [&](PreparedQuery& query) {
    return query
        .Run({entry.revision, entry.direction, entry.result, entry.started_ms, entry.lock_tries, statement, line,
              sqlstate, TextOrNull(error.message), TextOrNull(error.detail), TextOrNull(error.hint),
              TextOrNull(error.context), TextOrNull(client)})
        .Single();
  };
  pg::Field id = insert(insert_history);
  if (!id) id = insert(insert_history_behind);
  return std::stoll(*id);
}

void RevisionStore::CloseInterrupted() { close_interrupted.Run(); }

std::optional<engine::Progress> RevisionStore::LoadProgress(const std::string& revision, core::Direction direction) {
  const pg::QueryResult result = load_progress.Run({revision, core::NameOf(direction)});
  if (result.rows.empty()) return std::nullopt;
  const pg::Row& row = result.rows.front();
  return engine::Progress{*row[0], pg::ToInteger(row[1])};
}

void RevisionStore::SaveProgress(const std::string& revision, core::Direction direction,
                                 const engine::Progress& progress) {
  save_progress.Run({revision, core::NameOf(direction), progress.script, progress.statements_done});
  if (progress.statements_done == 0) ForgetJobsOf(Format("%1% of revision %2%", core::NameOf(direction), revision));
}

void RevisionStore::DeleteProgress(const std::string& revision, core::Direction direction) {
  delete_progress.Run({revision, core::NameOf(direction)});
}

std::vector<std::pair<std::string, core::Direction>> UnfinishedRevisions() {
  std::vector<std::pair<std::string, core::Direction>> unfinished;
  for (pg::Row& row : load_unfinished.Run().rows) {
    unfinished.emplace_back(std::move(*row[0]), core::ReadDirection(*row[1]));
  }
  return unfinished;
}

std::optional<RegisteredRevision> FindRegistered(const std::string& revision) {
  const pg::QueryResult result = find_registered.Run({revision});
  if (result.rows.empty()) return std::nullopt;
  const pg::Row& row = result.rows.front();
  RegisteredRevision registered;
  registered.revision = ReadRevision(row);
  registered.upgrade = *row[5];
  registered.downgrade = row[6];
  registered.upgrade_in_transaction = pg::IsTrue(row[7]);
  registered.downgrade_in_transaction = pg::IsTrue(row[8]);
  return registered;
}

void WriteRegistered(const RegisteredRevision& registered) {
  const core::Revision& revision = registered.revision;
  write_registered.Run({revision.id, revision.down_revisions, revision.depends_on, revision.branch_labels,
                        revision.message, registered.upgrade, registered.downgrade, registered.upgrade_in_transaction,
                        registered.downgrade_in_transaction});
}

bool IsRegisteredByTrusted(const std::string& revision) {
  const pg::QueryResult result = find_registrant.Run({revision});
  return pg::HasPrivilegesOfCurrentUser(pg::ToOid(TextOf(result.Single())));
}

}  // namespace headway::server
