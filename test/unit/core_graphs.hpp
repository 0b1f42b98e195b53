// Graphs in a line each, and plans as text: "steps => heads afterwards".
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/identifier.hpp"
#include "core/planner.hpp"

namespace headway::core::testing {

inline std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char character : text) {
    if (character != ' ' && character != ',') {
      words.back() += character;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

// "m <- b c / needs x y / label l": id, parents, dependencies, labels.
inline Revision ParseRevision(std::string_view line) {
  Revision revision;
  std::vector<std::string>* list = &revision.down_revisions;
  const std::vector<std::string> words = Words(line);
  revision.id = words.front();
  for (std::size_t position = 1; position < words.size(); ++position) {
    const std::string& word = words[position];
    if (word == "needs") {
      list = &revision.depends_on;
    } else if (word == "label") {
      list = &revision.branch_labels;
    } else if (word != "<-" && word != "/") {
      list->push_back(word);
    }
  }
  return revision;
}

inline RevisionGraph Graph(const std::vector<std::string>& lines) {
  std::vector<Revision> revisions;
  for (const std::string& line : lines) revisions.push_back(ParseRevision(line));
  return RevisionGraph(std::move(revisions));
}

template <class Names>
std::string Join(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

// Applies a plan as a version table would, strictly.
inline std::string Apply(const std::vector<MigrationStep>& steps, const std::string& heads) {
  std::set<std::string> rows;
  for (const std::string& head : Words(heads)) rows.insert(head);
  std::string text;
  for (const MigrationStep& step : steps) {
    for (const std::string& head : step.heads_removed) EXPECT_EQ(rows.erase(head), 1u) << head << " is no row";
    for (const std::string& head : step.heads_added) EXPECT_TRUE(rows.insert(head).second) << head << " is a row";
    text += (text.empty() ? "" : " ") + step.revision;
  }
  return text + " => " + Join(rows);
}

inline std::string Upgrade(const RevisionGraph& graph, const std::string& heads, std::string_view target) {
  return Apply(PlanUpgrade(graph, Words(heads), target), heads);
}

inline std::string Downgrade(const RevisionGraph& graph, const std::string& heads, std::string_view target) {
  return Apply(PlanDowngrade(graph, Words(heads), target), heads);
}

inline std::string Stamp(const RevisionGraph& graph, const std::string& heads, std::string_view target,
                         bool purge = false) {
  const HeadChange change = PlanStamp(graph, Words(heads), target, purge);
  MigrationStep step;
  step.revision = "-" + Join(change.removed) + " +" + Join(change.added);
  step.heads_removed = change.removed;
  step.heads_added = change.added;
  return Apply({step}, heads);
}

inline std::string History(const RevisionGraph& graph, const std::string& heads, std::string_view range) {
  return Join(PlanHistory(graph, Words(heads), range));
}

// The error of a call: "SQLSTATE message / DETAIL / HINT", or "" when there is none.
template <class Call>
std::string ErrorOf(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    const ErrorReport& report = error.report();
    std::string text = report.sqlstate + " " + report.message;
    if (!report.detail.empty()) text += " / " + report.detail;
    if (!report.hint.empty()) text += " / " + report.hint;
    return text;
  }
  return {};
}

inline ::testing::AssertionResult StartsWith(const std::string& text, std::string_view beginning) {
  if (text.substr(0, beginning.size()) == beginning) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << '"' << text << "\" does not begin with \"" << beginning << '"';
}

}  // namespace headway::core::testing
