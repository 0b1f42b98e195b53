// Any graph, any target: a plan obeys the version table and the edges of the graph, or there is an error of ours.
#include <cstdint>
#include <set>
#include <string>

#include "core/checkup.hpp"
#include "core/error.hpp"
#include "core/planner.hpp"
#include "core/render.hpp"
#include "core/revision_order.hpp"
#include "core/sqlstate.hpp"
#include "core/template.hpp"
#include "core/validation.hpp"
#include "graph_bytes.hpp"

namespace {

namespace core = headway::core;

void Require(bool holds) {
  if (!holds) __builtin_trap();
}

// Applies a plan to the rows it was made for, and checks every step on the way.
class VersionTable {
 public:
  VersionTable(const core::RevisionGraph& graph, const core::Heads& rows) : graph_(graph) {
    rows_.insert(rows.begin(), rows.end());
    applied_ = Closure();
  }

  void Apply(const core::MigrationStep& step) {
    const bool up = step.direction == core::Direction::kUpgrade;
    for (const std::string& head : step.heads_removed) Require(rows_.erase(head) == 1);
    for (const std::string& head : step.heads_added) Require(rows_.insert(head).second);
    const core::RevisionIndex index = *graph_.IndexOf(step.revision);
    for (const core::RevisionIndex below : graph_.Requirements(index)) Require(applied_.Contains(below));
    if (!up) {
      for (const core::RevisionIndex above : graph_.Followers(index)) Require(!applied_.Contains(above));
    }
    Require(up ? applied_.Insert(index) : applied_.Erase(index));
  }

  core::Heads Rows() const { return core::Heads(rows_.begin(), rows_.end()); }

  // The rows say exactly what is applied, and none of them rests on another.
  void Check() const {
    const core::RevisionSet closure = Closure();
    Require(closure.size() == applied_.size());
    for (const std::string& row : rows_) {
      for (const core::RevisionIndex above : graph_.Followers(*graph_.IndexOf(row))) {
        Require(!applied_.Contains(above));
      }
    }
  }

 private:
  core::RevisionSet Closure() const {
    core::RevisionIndices indices;
    for (const std::string& row : rows_) indices.push_back(*graph_.IndexOf(row));
    return graph_.Ancestors(indices, core::Edges::kParentsAndDependencies);
  }

  const core::RevisionGraph& graph_;
  std::set<std::string> rows_;
  core::RevisionSet applied_{0};
};

void CheckPlan(const core::RevisionGraph& graph, core::Heads& heads, bool up, const std::string& target) {
  try {
    VersionTable table(graph, heads);
    for (const auto& step : up ? core::PlanUpgrade(graph, heads, target) : core::PlanDowngrade(graph, heads, target)) {
      table.Apply(step);
    }
    table.Check();
    heads = table.Rows();
  } catch (const core::Error&) {
  }
}

void CheckStamp(const core::RevisionGraph& graph, core::Heads& heads, const std::string& target) {
  try {
    const core::HeadChange change = core::PlanStamp(graph, heads, target, false);
    std::set<std::string> rows(heads.begin(), heads.end());
    for (const std::string& head : change.removed) Require(rows.erase(head) == 1);
    for (const std::string& head : change.added) Require(rows.insert(head).second);
    heads.assign(rows.begin(), rows.end());
    VersionTable(graph, heads).Check();
  } catch (const core::Error&) {
  }
}

void CheckOrder(const core::RevisionGraph& graph, const std::vector<std::string>& newest_first) {
  std::set<std::string> listed;
  for (const std::string& id : newest_first) {
    Require(listed.insert(id).second);
    for (const core::RevisionIndex below : graph.Requirements(*graph.IndexOf(id))) {
      Require(listed.count(graph.id(below)) == 0);
    }
  }
}

void CheckHistory(const core::RevisionGraph& graph, const core::Heads& heads, const std::string& range) {
  try {
    CheckOrder(graph, core::PlanHistory(graph, heads, range));
  } catch (const core::Error&) {
  }
}

// Any graph can be looked at, sound or not; only a cycle cannot be drawn.
void CheckLooks(const core::RevisionGraph& graph, const core::Heads& heads) {
  core::CheckedTables tables;
  tables.current = heads;
  const std::vector<core::Finding> findings = core::Examine(graph, tables);
  try {
    const std::string text = core::RenderText(graph, heads);
    for (const core::Revision& revision : graph.revisions()) Require(text.find(revision.id) != std::string::npos);
    core::RenderDot(graph, heads);
    core::RenderMermaid(graph, heads);
  } catch (const core::Error& error) {
    Require(error.Is(core::sqlstate::kCycle));
    Require(!findings.empty());
  }
}

void CheckNewRevision(const core::RevisionGraph& graph, const core::Heads& heads, const std::string& head) {
  core::TemplateCall call;
  call.head = head;
  call.splice = true;
  try {
    const core::Revision revision = core::NewRevision(graph, heads, call, "fresh");
    for (const std::string& parent : revision.down_revisions) Require(graph.Find(parent) != nullptr);
    core::RenderTemplate(revision, "now", false);
  } catch (const core::Error&) {
  }
}

std::string ReadTarget(headway::fuzz::Bytes& bytes) {
  static constexpr const char* kWords[] = {"head", "heads", "base", "+1", "-1", "-2", "+3", "current"};
  const std::uint8_t kind = bytes.Next();
  std::string target;
  if ((kind & 1) != 0) target = "lab" + std::to_string(bytes.Next() % 48) + "@";
  target += (kind & 2) != 0 ? headway::fuzz::Name(bytes.Next() % 48) : kWords[bytes.Next() % 8];
  if ((kind & 4) != 0) target += bytes.Next() % 2 == 0 ? "+1" : "-1";
  if ((kind & 8) != 0) target += ", " + headway::fuzz::Name(bytes.Next() % 48);
  return target;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  headway::fuzz::Bytes bytes(data, size);
  const core::RevisionGraph graph(headway::fuzz::ReadRevisions(bytes));
  Require(NewestFirst(graph).size() == graph.size());
  Require(graph.EffectiveLabels().size() == graph.size());
  CheckLooks(graph, {"r1", "unknown"});
  try {
    Validate(graph);
  } catch (const core::Error&) {
    core::Heads none;
    CheckPlan(graph, none, true, "heads");  // must be refused, not hang
    return 0;
  }
  CheckOrder(graph, NewestFirst(graph));
  core::Heads heads;
  while (!bytes.empty()) {
    const std::uint8_t command = bytes.Next() % 4;
    const std::string target = ReadTarget(bytes);
    if (command < 2) CheckPlan(graph, heads, command == 0, target);
    if (command == 2) CheckStamp(graph, heads, target);
    if (command == 3) CheckHistory(graph, heads, target + ":" + ReadTarget(bytes));
    if (command == 3) CheckNewRevision(graph, heads, target);
  }
  return 0;
}
