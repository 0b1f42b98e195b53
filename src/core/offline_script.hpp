// Plans as a script for psql, for a database without the extension: Alembic's offline mode.
//
// The version table is kept as Alembic keeps it, and looked at at the beginning of each transaction: a script that does
// not fit the database stops before it changes anything. What cannot run in a transaction stands outside of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/graph.hpp"
#include "core/revision.hpp"
#include "core/statement.hpp"

namespace headway::core {

// From where to where: "to", or "from:to". Without a beginning an upgrade begins at base. `applied` is what "current"
// means as a beginning.
struct OfflineRange {
  Heads from;
  std::string to;
};
OfflineRange ReadOfflineRange(const RevisionGraph& graph, const Heads& applied, std::string_view text,
                              Direction direction);

struct OfflineStep {
  MigrationStep step;
  std::string message;
  Script script;
};

struct OfflineScript {
  Heads from;  // where it begins
  Direction direction = Direction::kUpgrade;
  std::vector<OfflineStep> steps;
  std::string version_table;        // quoted, perhaps with its schema
  std::string version_key;          // quoted: the name of its primary key
  bool single_transaction = false;  // one for all, else one for each revision
};

// Throws kScriptRefused for a script that needs the extension.
std::string RenderOfflineScript(const OfflineScript& script);

}  // namespace headway::core
