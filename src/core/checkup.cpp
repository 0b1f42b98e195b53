#include "core/checkup.hpp"

#include <algorithm>

#include "core/applied_heads.hpp"
#include "core/error.hpp"
#include "core/format.hpp"
#include "core/identifier.hpp"
#include "core/names.hpp"
#include "core/sqlstate.hpp"
#include "core/validation.hpp"

namespace headway::core {
namespace {

constexpr std::size_t kMostInDetail = 20;

const std::vector<std::string> kKinds = {"missing parent", "missing dependency", "cycle",       "duplicate label",
                                         "not registered", "mirror differs",     "replicated",  "not taken over",
                                         "unfinished",     "several heads",      "not applied", "irreversible"};

class Checkup {
 public:
  Checkup(const RevisionGraph& graph, const CheckedTables& tables) : graph_(graph), tables_(tables) {}

  std::vector<Finding> Run() {
    CheckGraph();
    for (const std::string& head : tables_.current) {
      if (!graph_.IndexOf(head)) Add("not registered", head, "it is applied, but its file has not been loaded");
    }
    if (!tables_.mirror_differs.empty()) Add("mirror differs", {}, tables_.mirror_differs);
    if (!tables_.not_taken_over.empty()) Add("not taken over", {}, tables_.not_taken_over);
    for (const std::string& how : tables_.replicated) {
      Add("replicated", {},
          "headway.version is " + how + ": a subscriber is told that it is migrated, and replication carries no DDL");
    }
    for (const std::string& revision : tables_.unfinished) {
      Add("unfinished", revision, "a run of it has stopped in the middle; the next run goes on");
    }
    CheckHeads();
    CheckApplied();
    for (const std::string& revision : tables_.irreversible) Add("irreversible", revision, "its downgrade is NULL");
    return std::move(findings_);
  }

 private:
  void Add(const char* problem, const std::string& revision, const std::string& detail) {
    findings_.push_back({problem, revision, detail});
  }

  void CheckGraph() {
    for (const MissingReference& missing : graph_.MissingParents()) {
      Add(missing.is_dependency ? "missing dependency" : "missing parent", missing.child,
          missing.candidates.empty()
              ? Format("\"%1%\" is not registered", missing.reference)
              : Format("\"%1%\" could mean: %2%", missing.reference, ListNames(missing.candidates)));
    }
    if (!graph_.MissingParents().empty()) return;
    try {
      Validate(graph_);
    } catch (const Error& error) {
      // A label taken twice, or a cycle.
      const ErrorReport& report = error.report();
      Add(error.Is(sqlstate::kCycle) ? "cycle" : "duplicate label", {},
          report.message + (report.detail.empty() ? "" : ". " + report.detail));
    }
  }

  void CheckHeads() {
    const Heads heads = graph_.heads();
    if (heads.size() < 2) return;
    for (const std::string& head : heads) {
      Add("several heads", head, Format("it is one of %1% heads; merge them: see migrate_merge()", heads.size()));
    }
  }

  void CheckApplied() {
    for (const std::string& head : tables_.current) {
      if (!graph_.IndexOf(head)) return;  // it may rest on any of them
    }
    const RevisionSet applied = AppliedRevisions(graph_, tables_.current);
    for (const RevisionIndex index : graph_.oldest_first()) {
      if (!applied.Contains(index)) Add("not applied", graph_.id(index), "its upgrade has not been run");
    }
  }

  const RevisionGraph& graph_;
  const CheckedTables& tables_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> Examine(const RevisionGraph& graph, const CheckedTables& tables) {
  return Checkup(graph, tables).Run();
}

std::vector<Finding> LeaveOut(std::vector<Finding> findings, const std::string& kinds) {
  for (const std::string& kind : SplitNames(kinds)) {
    if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) {
      throw Error(sqlstate::kInvalidParameterValue, Format("there is no problem of the kind \"%1%\"", kind), {},
                  "Leave out some of these: " + JoinNames(kKinds) + ".");
    }
    const auto is_it = [&](const Finding& finding) { return finding.problem == kind; };
    findings.erase(std::remove_if(findings.begin(), findings.end(), is_it), findings.end());
  }
  return findings;
}

void RequireNone(const std::vector<Finding>& findings) {
  if (findings.empty()) return;
  std::string detail;
  for (std::size_t i = 0; i < std::min(findings.size(), kMostInDetail); ++i) {
    const Finding& finding = findings[i];
    if (i > 0) detail += '\n';
    detail += finding.revision.empty() ? Format("%1%: %2%", finding.problem, finding.detail)
                                       : Format("%1%: %2% (%3%)", finding.problem, finding.revision, finding.detail);
  }
  if (findings.size() > kMostInDetail) detail += Format("\nand %1% more", findings.size() - kMostInDetail);
  throw Error(sqlstate::kCheckFailed,
              findings.size() == 1 ? std::string("the check found a problem")
                                   : Format("the check found %1% problems", findings.size()),
              detail, "SELECT * FROM migrate_check() lists them as rows.");
}

}  // namespace headway::core
