#include "core/lookup.hpp"

#include <algorithm>

#include "core/applied_heads.hpp"
#include "core/error.hpp"
#include "core/format.hpp"
#include "core/graph_errors.hpp"
#include "core/identifier.hpp"
#include "core/names.hpp"
#include "core/planner.hpp"
#include "core/sqlstate.hpp"
#include "core/target.hpp"
#include "core/target_resolver.hpp"
#include "core/validation.hpp"

namespace headway::core {
namespace {

RevisionIndices Named(const RevisionGraph& graph, const RevisionIndices& rows, const Target& target) {
  if (target.symbol == kCurrent && !target.steps) return rows;
  const TargetResolver resolver(graph, rows);
  if (!target.relative_to_current() || *target.steps > 0) return resolver.ForUpgrade(target);
  const DowngradeEnd end = resolver.ForDowngrade(target);
  return end.place ? RevisionIndices{*end.place} : RevisionIndices();
}

void AddOnce(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

bool SpeaksOfCurrent(const Target& target) { return target.symbol == kCurrent || target.relative_to_current(); }

}  // namespace

std::vector<std::string> FindRevisions(const RevisionGraph& graph, const Heads& current, std::string_view text) {
  std::vector<std::string> found;
  for (const Target& target : ParseTargets(text)) {
    if (graph.Find(target.text) != nullptr) {
      AddOnce(found, target.text);
      continue;
    }
    Validate(graph);
    const RevisionIndices rows = SpeaksOfCurrent(target) ? RequireRegistered(graph, current) : RevisionIndices();
    for (const std::string& name : graph.Names(Named(graph, rows, target))) AddOnce(found, name);
  }
  return found;
}

std::string ResolveName(const RevisionGraph& graph, std::string_view id_or_prefix) {
  const auto matches = graph.Matches(id_or_prefix);
  if (matches.empty()) ThrowUnknownRevision(graph, id_or_prefix);
  if (matches.size() > 1) ThrowAmbiguousRevision(id_or_prefix, matches);
  return graph.id(matches.front().index);
}

Heads HeadsAt(const RevisionGraph& graph, std::string_view text) { return PlanStamp(graph, {}, text, true).added; }

void RequireAtHeads(const RevisionGraph& graph, const Heads& current) {
  std::vector<std::string> unknown;
  for (const std::string& head : current) {
    if (!graph.IndexOf(head)) unknown.push_back(head);
  }
  const RevisionSet applied = AppliedRevisions(graph, current);
  std::vector<std::string> behind;
  for (const RevisionIndex head : graph.head_indices()) {
    if (!applied.Contains(head)) behind.push_back(graph.id(head));
  }
  if (behind.empty() && unknown.empty()) return;
  std::string detail = Format("Applied: %1%.", current.empty() ? std::string("nothing") : ListNames(current));
  if (!behind.empty()) detail += Format(" Not applied: %1%.", ListNames(behind));
  if (!unknown.empty()) detail += Format(" Not registered: %1%.", ListNames(unknown));
  throw Error(sqlstate::kNotAtHead, "the database is not at its heads", detail,
              behind.empty() ? "Load the files of the revisions that are not registered."
                             : "See migrate_plan('heads') for what is missing, and run migrate_upgrade('heads').");
}

}  // namespace headway::core
