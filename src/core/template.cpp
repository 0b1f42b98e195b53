#include "core/template.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/graph_errors.hpp"
#include "core/identifier.hpp"
#include "core/lookup.hpp"
#include "core/names.hpp"
#include "core/sql_text.hpp"
#include "core/sqlstate.hpp"
#include "core/target.hpp"
#include "core/validation.hpp"

namespace headway::core {
namespace {

constexpr char kUpgradePrompt[] =
    "\n    -- Apply schema changes.\n    --\n    -- Describe what this migration does and why.\n"
    "    -- Note any special deployment considerations.\n  ";
constexpr char kDowngradePrompt[] =
    "\n    -- Revert schema changes.\n    --\n    -- Describe what this rollback does.\n"
    "    -- Note if there's potential for data loss.\n  ";

std::string QuotedList(const std::vector<std::string>& names) {
  return names.empty() ? std::string("NULL") : QuotedLiteral(JoinNames(names));
}

// Each line of `text` as a comment; whatever ends a line for the server begins a new one.
std::string Commented(const std::string& text) {
  std::string comment = "-- ";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (text[i] == '\n' || text[i] == '\r') {
      while (comment.back() == ' ') comment.pop_back();
      comment += "\n-- ";
    } else {
      comment += text[i];
    }
  }
  while (comment.back() == ' ') comment.pop_back();
  return comment + '\n';
}

void RequireFree(const RevisionGraph& graph, const std::string& id) {
  RequireValidRevisionId(id);
  const auto matches = graph.Matches(id);
  if (matches.empty() || matches.front().name != id) return;
  throw Error(sqlstate::kInvalidParameterValue, Format("\"%1%\" is already the name of a revision or branch", id), {},
              "Leave rev_id out for a fresh one.");
}

// "heads" are all of them here, those that another one depends on too: a head that is left out would stay one.
std::vector<std::string> Parents(const RevisionGraph& graph, const Heads& current, std::string_view text) {
  return Trim(text) == kHeads ? graph.heads() : FindRevisions(graph, current, text);
}

void RequireHeads(const RevisionGraph& graph, const std::vector<std::string>& parents, const char* hint) {
  for (const std::string& parent : parents) {
    if (graph.is_head(parent)) continue;
    throw Error(sqlstate::kNotAHead, Format("revision \"%1%\" is not a head revision", parent),
                Format("It is followed by: %1%.", ListNames(graph.children(parent))), hint);
  }
}

std::vector<std::string> FreeLabels(const RevisionGraph& graph, const std::optional<std::string>& list) {
  std::vector<std::string> labels = SplitNames(list.value_or(""));
  for (const std::string& label : labels) {
    RequireValidBranchLabel(label);
    const auto matches = graph.Matches(label);
    if (matches.empty() || matches.front().name != label) continue;
    const std::string& owner = graph.id(matches.front().index);
    throw Error(sqlstate::kDuplicateLabel, Format("branch label \"%1%\" is already taken", label),
                Format("It belongs to revision \"%1%\".", owner), "Choose another label.");
  }
  return labels;
}

// A label stays a label, since it may move; anything else becomes the full id.
std::vector<std::string> Dependencies(const RevisionGraph& graph, const std::optional<std::string>& list) {
  std::vector<std::string> names = SplitNames(list.value_or(""));
  for (std::string& name : names) {
    RequireValidRevisionId(name);
    const auto matches = graph.Matches(name);
    const bool is_label = matches.size() == 1 && matches.front().name == name;
    if (!is_label) name = ResolveName(graph, name);
  }
  return names;
}

}  // namespace

Revision NewRevision(const RevisionGraph& graph, const Heads& current, const TemplateCall& call,
                     const std::string& id) {
  Validate(graph);
  RequireFree(graph, id);
  Revision revision;
  revision.id = id;
  revision.down_revisions = Parents(graph, current, call.head);
  if (!call.splice) {
    RequireHeads(graph, revision.down_revisions, "Say splice => true to begin a new branch at this revision.");
  }
  revision.branch_labels = FreeLabels(graph, call.branch_labels);
  revision.depends_on = Dependencies(graph, call.depends_on);
  revision.message = std::string(Trim(call.message));
  return revision;
}

Revision NewMergePoint(const RevisionGraph& graph, const Heads& current, std::string_view heads,
                       const std::optional<std::string>& message, const std::string& id) {
  Validate(graph);
  RequireFree(graph, id);
  Revision revision;
  revision.id = id;
  revision.down_revisions = Parents(graph, current, heads);
  RequireHeads(graph, revision.down_revisions, "Only heads can be merged: see migrate_heads().");
  if (revision.down_revisions.size() < 2) {
    throw Error(sqlstate::kInvalidTarget, Format("\"%1%\" names fewer than two heads to merge", heads), {},
                "Name them, separated by commas, or \"heads\" for all of them.");
  }
  revision.message = message ? std::string(Trim(*message)) : "Merge " + JoinNames(revision.down_revisions);
  return revision;
}

std::string RenderTemplate(const Revision& revision, const std::string& created, bool is_merge,
                           const std::string& schema) {
  const std::string header = Commented(revision.message.empty() ? "empty message" : revision.message) + "--\n" +
                             Commented("Revision ID: " + revision.id) +
                             Commented("Revises: " + JoinNames(revision.down_revisions)) +
                             Commented("Create Date: " + created);
  const std::string up = is_merge ? "''" : DollarQuoted(kUpgradePrompt, "up");
  const std::string down = is_merge ? "''" : DollarQuoted(kDowngradePrompt, "down");
  return header + "SELECT " + schema +
         Format(
             "migrate_revision(\n"
             "  revision      => %1%,\n"
             "  down_revision => %2%,\n"
             "  branch_labels => %3%,\n"
             "  depends_on    => %4%,\n"
             "  message       => %5%,\n"
             "  upgrade       => %6%,\n"
             "  downgrade     => %7%);",
             QuotedLiteral(revision.id), QuotedList(revision.down_revisions), QuotedList(revision.branch_labels),
             QuotedList(revision.depends_on), QuotedLiteral(revision.message), up, down);
}

}  // namespace headway::core
