#include "commands/registration.hpp"

#include <algorithm>

#include "adapters/revision_store.hpp"
#include "commands/no_run.hpp"
#include "core/applied_heads.hpp"
#include "core/format.hpp"
#include "core/graph.hpp"
#include "core/identifier.hpp"
#include "core/names.hpp"
#include "core/sqlstate.hpp"
#include "pg/backend.hpp"
#include "pg/parse/script.hpp"
#include "pg/parse/script_errors.hpp"
#include "pg/process/runner_lock.hpp"
#include "pg/process/transaction.hpp"
#include "pg/spi.hpp"

namespace headway::server {

namespace {

using core::Error;
using core::Format;
namespace sqlstate = core::sqlstate;

// No registration reads the whole table. Those about labels go by their index, which leaves out what has none. None
// says LIMIT 1: to the planner it makes reading all of a table look quick.
pg::PreparedQuery other_owner_of_label(
    "SELECT revision FROM headway.revision WHERE revision OPERATOR(pg_catalog.<>) $1 "
    "AND branch_labels OPERATOR(pg_catalog.@>) ARRAY[$2] AND branch_labels OPERATOR(pg_catalog.<>) '{}'",
    "tt");
pg::PreparedQuery named_like("SELECT revision FROM headway.revision WHERE revision OPERATOR(pg_catalog.=) ANY ($1)",
                             "T");
pg::PreparedQuery label_like(
    "SELECT revision FROM headway.revision WHERE branch_labels OPERATOR(pg_catalog.@>) ARRAY[$1] "
    "AND branch_labels OPERATOR(pg_catalog.<>) '{}'",
    "t");
pg::PreparedQuery registered_among(
    "SELECT revision FROM headway.revision WHERE revision OPERATOR(pg_catalog.=) ANY ($1)", "T");

std::vector<std::string> NamesIn(const std::optional<std::string>& list, void (*check)(std::string_view),
                                 const char* argument) {
  std::vector<std::string> names = core::SplitNames(list.value_or(""));
  for (auto name = names.begin(); name != names.end(); ++name) {
    check(*name);
    if (std::find(names.begin(), name, *name) == name) continue;
    throw Error(sqlstate::kInvalidParameterValue, Format("\"%1%\" is given twice in %2%", *name, argument));
  }
  return names;
}

// A dependency is an id, a prefix of one, or a label: Alembic's rules for ids hold for all of them.
void RequireValidReference(std::string_view reference) { core::RequireValidRevisionId(reference); }

bool ParseOne(const std::string& text, const std::string& what, const std::optional<bool>& transactional,
              std::vector<std::string>& left_out) {
  const core::Script script = pg::ParseScript(text, what, false);
  pg::RefuseCombinedFile(text, what);
  if (script.begins_and_commits) {
    if (!script.transactional()) {
      throw Error(sqlstate::kScriptRefused,
                  Format("the %1% is BEGIN ... COMMIT, and one of its statements cannot run in a transaction", what),
                  {}, "Leave BEGIN and COMMIT out: its statements then run one by one.");
    }
    left_out.push_back(what);
  }
  if (transactional == true && !script.transactional()) {
    throw Error(sqlstate::kScriptRefused, Format("the %1% cannot run in one transaction", what),
                "One of its statements has to run outside of a transaction block.", "Leave transactional out.");
  }
  const bool in_transaction = script.statements.empty() || transactional.value_or(script.transactional());
  if (in_transaction) pg::RefuseUnusable(script, what);
  return in_transaction;
}

[[noreturn]] void ThrowLabelIsId(const std::string& label) {
  throw Error(sqlstate::kDuplicateLabel, Format("branch label \"%1%\" is the id of a revision", label), {},
              "Choose another label.");
}

// A way back that cannot be read may be none at all.
void OfferNoDowngrade(Error& error) {
  std::string& hint = error.report().hint;
  if (!hint.empty()) hint += " ";
  hint += "When there is no way back, register it with downgrade => NULL.";
}

struct Examined {
  RegisteredRevision wanted;
  std::vector<std::string> left_out;  // the scripts whose BEGIN and COMMIT are
};

Examined Examine(const RevisionCall& call) {
  core::RequireValidRevisionId(call.revision);
  Examined examined;
  RegisteredRevision& wanted = examined.wanted;
  core::Revision& revision = wanted.revision;
  revision.id = call.revision;
  revision.down_revisions = NamesIn(call.down_revision, core::RequireValidRevisionId, "down_revision");
  revision.depends_on = NamesIn(call.depends_on, RequireValidReference, "depends_on");
  revision.branch_labels = NamesIn(call.branch_labels, core::RequireValidBranchLabel, "branch_labels");
  revision.message = std::string(core::Trim(call.message));
  for (const std::vector<std::string>* names : {&revision.down_revisions, &revision.depends_on}) {
    if (std::find(names->begin(), names->end(), revision.id) == names->end()) continue;
    throw Error(sqlstate::kCycle, Format("revision %1% follows itself", revision.id), {},
                "Name the revision before it, or NULL for a base.");
  }
  for (const std::string& label : revision.branch_labels) {
    if (label == revision.id) ThrowLabelIsId(label);
  }
  wanted.upgrade = call.upgrade;
  wanted.downgrade = call.downgrade;
  wanted.upgrade_in_transaction =
      ParseOne(call.upgrade, Format("upgrade of revision %1%", call.revision), call.transactional, examined.left_out);
  if (!call.downgrade) return examined;
  try {
    wanted.downgrade_in_transaction = ParseOne(*call.downgrade, Format("downgrade of revision %1%", call.revision),
                                               call.transactional, examined.left_out);
  } catch (Error& error) {
    if (error.Is(sqlstate::kSyntaxError)) OfferNoDowngrade(error);
    throw;
  }
  return examined;
}

void CheckNames(const core::Revision& revision) {
  if (const pg::Field owner = label_like.Run({revision.id}).Single()) {
    throw Error(sqlstate::kDuplicateLabel,
                Format("\"%1%\" is already a branch label, of revision %2%", revision.id, *owner), {},
                "Choose another revision id.");
  }
  if (revision.branch_labels.empty()) return;
  for (const std::string& label : revision.branch_labels) {
    const pg::Field owner = other_owner_of_label.Run({revision.id, label}).Single();
    if (!owner) continue;
    throw Error(sqlstate::kDuplicateLabel, Format("branch label \"%1%\" belongs to revision %2%", label, *owner), {},
                "A label names one branch: choose another one.");
  }
  if (const pg::Field same = named_like.Run({revision.branch_labels}).Single()) ThrowLabelIsId(*same);
}

bool IsApplied(const std::string& revision) {
  RevisionStore store;
  const core::Heads heads = store.LoadHeads();
  if (heads.empty()) return false;
  const core::RevisionGraph graph(store.LoadRevisions());
  const auto wanted = graph.IndexOf(revision);
  return wanted && core::AppliedRevisions(graph, heads).Contains(*wanted);
}

bool SameOptionalScript(const std::optional<std::string>& left, const std::optional<std::string>& right) {
  if (!left || !right) return !left && !right;
  return pg::SameScript(*left, *right);
}

// Whether anything that matters differs: white space and comments in scripts do not.
bool Same(const RegisteredRevision& left, const RegisteredRevision& right) {
  const core::Revision& one = left.revision;
  const core::Revision& other = right.revision;
  return one.down_revisions == other.down_revisions && one.depends_on == other.depends_on &&
         one.branch_labels == other.branch_labels && one.message == other.message &&
         left.upgrade_in_transaction == right.upgrade_in_transaction &&
         left.downgrade_in_transaction == right.downgrade_in_transaction &&
         pg::SameScript(left.upgrade, right.upgrade) && SameOptionalScript(left.downgrade, right.downgrade);
}

void RefuseChangeOfApplied(const RegisteredRevision& before, const RegisteredRevision& wanted) {
  const std::string& revision = wanted.revision.id;
  const bool script_changed = !pg::SameScript(before.upgrade, wanted.upgrade);
  const bool parents_changed = before.revision.down_revisions != wanted.revision.down_revisions;
  // What an applied revision depends on counts as applied: a new dependency would never be run.
  const bool dependencies_changed = before.revision.depends_on != wanted.revision.depends_on;
  if (!script_changed && !parents_changed && !dependencies_changed) return;
  if (!IsApplied(revision)) return;
  const char* changed = script_changed ? "upgrade script" : parents_changed ? "down_revision" : "depends_on";
  throw Error(sqlstate::kAppliedRevisionChanged,
              Format("revision %1% is applied and its %2% has changed", revision, changed),
              "Databases that have run it would differ from those that run it now. Nothing has been changed.",
              "Put the change into a new revision, or go down below this one first.");
}

// Revisions may come in any order, so that it is worth one line in a transaction and no more.
void NoteMissingParents(const core::Revision& revision) {
  static std::uint32_t noted_in = 0;
  const std::uint32_t transaction = pg::CurrentTransactionNumber();
  if (revision.down_revisions.empty() || noted_in == transaction) return;
  const std::vector<std::string> found = registered_among.Run({revision.down_revisions}).Column();
  for (const std::string& parent : revision.down_revisions) {
    if (std::find(found.begin(), found.end(), parent) != found.end()) continue;
    noted_in = transaction;
    return pg::ReportNotice(Format("parent %1% of revision %2% is not registered yet", parent, revision.id), {},
                            "Revisions may come in any order; migrate_check() names what is missing in the end.");
  }
}

enum class Change { kNone, kNew, kVouch, kReplace };

Change Compare(const std::optional<RegisteredRevision>& before, const RegisteredRevision& wanted) {
  if (!before) return Change::kNew;
  if (Same(*before, wanted)) return IsRegisteredByTrusted(wanted.revision.id) ? Change::kNone : Change::kVouch;
  return Change::kReplace;
}

}  // namespace

const char* RegisterRevision(const RevisionCall& call) {
  const Examined examined = Examine(call);
  const RegisteredRevision& wanted = examined.wanted;
  CheckNames(wanted.revision);
  if (Compare(FindRegistered(call.revision), wanted) == Change::kNone) return "unchanged";
  // Another session may be writing too: what it leaves decides, not what was there before.
  pg::WaitForRegistrationLock();
  const std::optional<RegisteredRevision> before = FindRegistered(call.revision);
  const Change change = Compare(before, wanted);
  if (change == Change::kNone) return "unchanged";
  if (change == Change::kReplace) {
    RequireNoRun(Format("revision %1% cannot be changed while a migration run is in progress", call.revision),
                 "Register it again when the run has ended.");
    RefuseChangeOfApplied(*before, wanted);
  }
  WriteRegistered(wanted);
  for (const std::string& script : examined.left_out) {
    pg::ReportNotice(Format("BEGIN and COMMIT of the %1% are left out", script),
                     "Each revision has its own transaction.", {});
  }
  NoteMissingParents(wanted.revision);
  return change == Change::kNew ? "registered" : change == Change::kVouch ? "vouched for" : "replaced";
}

}  // namespace headway::server
