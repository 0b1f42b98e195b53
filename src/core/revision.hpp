// A revision as the graph sees it: who it is, what it follows, and nothing of its scripts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headway::core {

struct Revision {
  std::string id;
  std::vector<std::string> down_revisions;  // parents; empty: a base; several: a merge point
  std::vector<std::string> depends_on;      // ids, unique prefixes of ids, or branch labels
  std::vector<std::string> branch_labels;
  std::string message;
};

enum class Direction { kUpgrade, kDowngrade };

// "upgrade" or "downgrade"; the other way round throws kInvalidParameterValue for anything else.
const char* NameOf(Direction direction);
Direction ReadDirection(std::string_view word);

// The first line of a message: what fits into one.
std::string FirstLine(const std::string& message);

// One step of a plan and what it does to the heads (the rows of headway.version).
struct MigrationStep {
  std::string revision;
  Direction direction = Direction::kUpgrade;
  std::vector<std::string> from;  // as printed: "Running upgrade <from> -> <to>"; empty: base
  std::vector<std::string> to;
  std::vector<std::string> heads_removed;  // each must be a row of headway.version before the step
  std::vector<std::string> heads_added;    // none of them may be a row before the step
};

using Heads = std::vector<std::string>;

}  // namespace headway::core
