#include "commands/registration.hpp"

#include <algorithm>

#include "adapters/revision_store.hpp"
#include "core/format.hpp"
#include "core/graph.hpp"
#include "core/identifier.hpp"
#include "core/sqlstate.hpp"
#include "pg/backend.hpp"
#include "pg/parse/script.hpp"
#include "pg/process/runner_lock.hpp"
#include "pg/spi.hpp"

namespace headway::server {

namespace {

using core::Error;
using core::Format;
namespace sqlstate = core::sqlstate;

constexpr int kLooksForRun = 10;
constexpr std::int64_t kBetweenLooksMs = 10;

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

// "a, b" as "a,b"; an empty text as none.
std::string Normalized(const std::optional<std::string>& list, void (*check)(std::string_view), const char* argument) {
  std::string joined;
  std::vector<std::string> seen;
  for (const std::string& item : SplitNames(list.value_or(""))) {
    std::string name(core::Trim(item));
    check(name);
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      throw Error(sqlstate::kInvalidParameterValue, Format("\"%1%\" is given twice in %2%", name, argument));
    }
    joined += (joined.empty() ? "" : ",") + name;
    seen.push_back(std::move(name));
  }
  return joined;
}

// A dependency is an id, a prefix of one, or a label: Alembic's rules for ids hold for all of them.
void RequireValidReference(std::string_view reference) { core::RequireValidRevisionId(reference); }

bool ParseOne(const std::string& text, const std::string& what, const std::optional<bool>& transactional) {
  const core::Script script = pg::ParseScript(text, what);
  if (transactional == true && !script.transactional()) {
    throw Error(sqlstate::kScriptRefused, Format("the %1% cannot run in one transaction", what),
                "One of its statements has to run outside of a transaction block.", "Leave transactional out.");
  }
  const bool in_transaction = script.statements.empty() || transactional.value_or(script.transactional());
  if (in_transaction) pg::RefuseUnusable(script, text, what);
  return in_transaction;
}

[[noreturn]] void ThrowLabelIsId(const std::string& label) {
  throw Error(sqlstate::kDuplicateLabel, Format("branch label \"%1%\" is the id of a revision", label), {},
              "Choose another label.");
}

RegisteredRevision Examine(const RevisionCall& call) {
  core::RequireValidRevisionId(call.revision);
  RegisteredRevision wanted;
  wanted.down_revision = Normalized(call.down_revision, core::RequireValidRevisionId, "down_revision");
  wanted.depends_on = Normalized(call.depends_on, RequireValidReference, "depends_on");
  wanted.branch_labels = Normalized(call.branch_labels, core::RequireValidBranchLabel, "branch_labels");
  for (const std::string& list : {wanted.down_revision, wanted.depends_on}) {
    for (const std::string& name : SplitNames(list)) {
      if (name != call.revision) continue;
      throw Error(sqlstate::kCycle, Format("revision %1% follows itself", name), {},
                  "Name the revision before it, or NULL for a base.");
    }
  }
  for (const std::string& label : SplitNames(wanted.branch_labels)) {
    if (label == call.revision) ThrowLabelIsId(label);
  }
  wanted.message = std::string(core::Trim(call.message));
  wanted.upgrade = call.upgrade;
  wanted.downgrade = call.downgrade;
  wanted.upgrade_in_transaction =
      ParseOne(call.upgrade, Format("upgrade of revision %1%", call.revision), call.transactional);
  if (call.downgrade) {
    wanted.downgrade_in_transaction =
        ParseOne(*call.downgrade, Format("downgrade of revision %1%", call.revision), call.transactional);
  }
  return wanted;
}

void CheckNames(const std::string& revision, const RegisteredRevision& wanted) {
  if (const pg::Field owner = label_like.Run({revision}).Single()) {
    throw Error(sqlstate::kDuplicateLabel,
                Format("\"%1%\" is already a branch label, of revision %2%", revision, *owner), {},
                "Choose another revision id.");
  }
  if (wanted.branch_labels.empty()) return;
  const std::vector<std::string> labels = SplitNames(wanted.branch_labels);
  for (const std::string& label : labels) {
    const pg::Field owner = other_owner_of_label.Run({revision, label}).Single();
    if (!owner) continue;
    throw Error(sqlstate::kDuplicateLabel, Format("branch label \"%1%\" belongs to revision %2%", label, *owner), {},
                "A label names one branch: choose another one.");
  }
  if (const pg::Field same = named_like.Run({labels}).Single()) ThrowLabelIsId(*same);
}

bool IsApplied(const std::string& revision) {
  RevisionStore store;
  const core::Heads heads = store.LoadHeads();
  if (heads.empty()) return false;
  const core::RevisionGraph graph(store.LoadRevisions());
  core::RevisionIndices rows;
  for (const std::string& head : heads) {
    if (const auto index = graph.IndexOf(head)) rows.push_back(*index);
  }
  const auto wanted = graph.IndexOf(revision);
  return wanted && graph.Ancestors(rows, core::Edges::kParentsAndDependencies).Contains(*wanted);
}

bool SameOptionalScript(const std::optional<std::string>& left, const std::optional<std::string>& right) {
  if (!left || !right) return !left && !right;
  return pg::SameScript(*left, *right);
}

// Whether anything that matters differs: white space and comments in scripts do not.
bool Same(const RegisteredRevision& left, const RegisteredRevision& right) {
  return left.down_revision == right.down_revision && left.depends_on == right.depends_on &&
         left.branch_labels == right.branch_labels && left.message == right.message &&
         left.upgrade_in_transaction == right.upgrade_in_transaction &&
         left.downgrade_in_transaction == right.downgrade_in_transaction &&
         pg::SameScript(left.upgrade, right.upgrade) && SameOptionalScript(left.downgrade, right.downgrade);
}

void RefuseChangeOfApplied(const std::string& revision, const RegisteredRevision& before,
                           const RegisteredRevision& wanted) {
  const bool script_changed = !pg::SameScript(before.upgrade, wanted.upgrade);
  const bool parents_changed = before.down_revision != wanted.down_revision;
  // What an applied revision depends on counts as applied: a new dependency would never be run.
  const bool dependencies_changed = before.depends_on != wanted.depends_on;
  if (!script_changed && !parents_changed && !dependencies_changed) return;
  if (!IsApplied(revision)) return;
  const char* changed = script_changed ? "upgrade script" : parents_changed ? "down_revision" : "depends_on";
  throw Error(sqlstate::kAppliedRevisionChanged,
              Format("revision %1% is applied and its %2% has changed", revision, changed),
              "Databases that have run it would differ from those that run it now. Nothing has been changed.",
              "Put the change into a new revision, or go down below this one first.");
}

void WarnOfMissingParents(const std::string& revision, const RegisteredRevision& wanted) {
  if (wanted.down_revision.empty()) return;
  const std::vector<std::string> parents = SplitNames(wanted.down_revision);
  const std::vector<std::string> found = registered_among.Run({parents}).Column();
  for (const std::string& parent : parents) {
    if (std::find(found.begin(), found.end(), parent) != found.end()) continue;
    pg::ReportWarning(Format("parent %1% of revision %2% is not registered yet", parent, revision), {},
                      "Register it before you run migrate_upgrade().");
  }
}

// A run may be applying what is to be changed, in a transaction that we cannot see yet.
void RequireNoRun(const std::string& revision) {
  // One that is ending gives its locks back one after the other: we may have got ahead by the first of them.
  for (int look = 0; look < kLooksForRun; ++look) {
    if (look > 0) pg::SleepMs(kBetweenLooksMs);
    if (pg::TryRunnerLock(false)) return;
  }
  throw Error(sqlstate::kLockNotAvailable,
              Format("revision %1% cannot be changed while a migration run is in progress", revision),
              pg::DescribeRunner(), "Register it again when the run has ended.");
}

enum class Change { kNone, kNew, kVouch, kReplace };

Change Compare(const std::string& revision, const std::optional<RegisteredRevision>& before,
               const RegisteredRevision& wanted) {
  if (!before) return Change::kNew;
  if (Same(*before, wanted)) return IsRegisteredByTrusted(revision) ? Change::kNone : Change::kVouch;
  return Change::kReplace;
}

}  // namespace

const char* RegisterRevision(const RevisionCall& call) {
  const RegisteredRevision wanted = Examine(call);
  CheckNames(call.revision, wanted);
  if (Compare(call.revision, FindRegistered(call.revision), wanted) == Change::kNone) return "unchanged";
  // Another session may be writing too: what it leaves decides, not what was there before.
  pg::WaitForRegistrationLock();
  const std::optional<RegisteredRevision> before = FindRegistered(call.revision);
  const Change change = Compare(call.revision, before, wanted);
  if (change == Change::kNone) return "unchanged";
  if (change == Change::kReplace) {
    RequireNoRun(call.revision);
    RefuseChangeOfApplied(call.revision, *before, wanted);
  }
  WriteRegistered(call.revision, wanted);
  WarnOfMissingParents(call.revision, wanted);
  return change == Change::kNew ? "registered" : change == Change::kVouch ? "vouched for" : "replaced";
}

}  // namespace headway::server
