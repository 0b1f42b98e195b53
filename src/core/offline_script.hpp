// Plans as a script for psql, for a database without the extension: Alembic's offline mode.
//
// The version table is kept as Alembic keeps it. What cannot run in a transaction stands outside of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/graph.hpp"
#include "core/revision.hpp"
#include "core/statement.hpp"

namespace headway::core {

// From where to where: "to", or "from:to". Without a beginning an upgrade begins at base.
struct OfflineRange {
  Heads from;
  std::string to;
};
OfflineRange ReadOfflineRange(const RevisionGraph& graph, std::string_view text, Direction direction);

struct OfflineStep {
  MigrationStep step;
  std::string message;
  Script script;
  bool in_transaction = true;
};

struct OfflineOptions {
  std::string version_table;        // as written in SQL
  bool single_transaction = false;  // one for all, else one for each revision
  bool creates_table = false;       // the version table is not there yet
  bool drops_table = false;         // nothing is applied at the end
};

// Throws kScriptRefused for a script that needs the extension.
std::string RenderOfflineScript(const std::vector<OfflineStep>& steps, const OfflineOptions& options);

}  // namespace headway::core
