// The planner as a process, for the oracle test: one request a line, one answer a line.
//
//   graph <tab> N             then N lines: id <tab> parents <tab> dependencies <tab> labels
//   upgrade|downgrade <tab> heads <tab> target
//   stamp <tab> heads <tab> target <tab> 0|1 (purge)
//   history <tab> heads <tab> range
//   labels                    the labels of each revision, inherited ones too
//
// Lists are comma-separated. Answers: "ok" with one tab-separated field for each step, or "error", SQLSTATE, message.
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/planner.hpp"
#include "core/validation.hpp"

namespace {

namespace core = headway::core;
using Fields = std::vector<std::string>;

Fields Split(std::string_view text, char separator) {
  Fields fields;
  std::size_t begin = 0;
  for (std::size_t end = text.find(separator); end != std::string_view::npos; end = text.find(separator, begin)) {
    fields.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  fields.emplace_back(text.substr(begin));
  return fields;
}

Fields List(const std::string& text) { return text.empty() ? Fields() : Split(text, ','); }

std::string Join(const Fields& fields) {
  std::string text;
  for (const std::string& field : fields) text += (text.empty() ? "" : ",") + field;
  return text;
}

std::unique_ptr<core::RevisionGraph> ReadGraph(std::size_t count) {
  std::vector<core::Revision> revisions;
  std::string line;
  while (revisions.size() < count && std::getline(std::cin, line)) {
    const Fields fields = Split(line, '\t');
    revisions.push_back({fields.at(0), List(fields.at(1)), List(fields.at(2)), List(fields.at(3)), ""});
  }
  return std::make_unique<core::RevisionGraph>(std::move(revisions));
}

std::string Show(const std::vector<core::MigrationStep>& steps) {
  std::string text;
  for (const core::MigrationStep& step : steps) {
    text += "\t" + step.revision + "|" + Join(step.from) + "|" + Join(step.to) + "|" + Join(step.heads_removed) + "|" +
            Join(step.heads_added);
  }
  return text;
}

std::string ShowLabels(const core::RevisionGraph& graph) {
  std::string text;
  for (const auto& labels : graph.EffectiveLabels()) text += "\t" + Join(labels);
  return text;
}

std::string Answer(const core::RevisionGraph& graph, const Fields& request) {
  const std::string& command = request.at(0);
  if (command == "labels") return ShowLabels(graph);
  const core::Heads heads = List(request.at(1));
  const std::string& target = request.at(2);
  if (command == "upgrade") return Show(core::PlanUpgrade(graph, heads, target));
  if (command == "downgrade") return Show(core::PlanDowngrade(graph, heads, target));
  if (command == "history") return "\t" + Join(core::PlanHistory(graph, heads, target));
  const core::HeadChange change = core::PlanStamp(graph, heads, target, request.at(3) == "1");
  return "\t" + Join(change.removed) + "|" + Join(change.added);
}

}  // namespace

int main() {
  std::unique_ptr<core::RevisionGraph> graph = ReadGraph(0);
  std::string line;
  while (std::getline(std::cin, line)) {
    const Fields request = Split(line, '\t');
    try {
      if (request.at(0) == "graph") {
        graph = ReadGraph(std::stoul(request.at(1)));
        Validate(*graph);
        std::cout << "ok" << std::endl;
      } else {
        std::cout << "ok" << Answer(*graph, request) << std::endl;
      }
    } catch (const core::Error& error) {
      std::cout << "error\t" << error.report().sqlstate << "\t" << error.what() << std::endl;
    }
  }
}
