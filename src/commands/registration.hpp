// migrate_revision(): takes a revision into headway.revision, or finds that it is there already.
#pragma once

#include <optional>
#include <string>

namespace headway::server {

struct RevisionCall {
  std::string revision;
  std::optional<std::string> down_revision;  // comma-separated; nothing: a base
  std::string message;
  std::string upgrade;
  std::optional<std::string> downgrade;  // nothing: irreversible
  std::optional<std::string> branch_labels;
  std::optional<std::string> depends_on;
  std::optional<bool> transactional;  // nothing: as the scripts need it
};

// Returns what was done: registered, replaced, vouched for, or unchanged.
const char* RegisterRevision(const RevisionCall& call);

}  // namespace headway::server
