// The text of a new revision: a file of one migrate_revision() call with Alembic's header and prompts, ready to be
// filled in. It loads as it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph.hpp"
#include "core/revision.hpp"

namespace headway::core {

struct TemplateCall {
  std::string message;
  std::string head;  // what it follows: a target; several: a merge point
  bool splice = false;
  std::optional<std::string> branch_labels;
  std::optional<std::string> depends_on;
};

// The revision that the call asks for. Throws kNotAHead when it would begin a branch and `splice` does not say so,
// kMultipleHeads for "head" of several, kDuplicateLabel for a label that is taken.
Revision NewRevision(const RevisionGraph& graph, const Heads& current, const TemplateCall& call, const std::string& id);

// The same for a merge point of several heads; nothing as message names them.
Revision NewMergePoint(const RevisionGraph& graph, const Heads& current, std::string_view heads,
                       const std::optional<std::string>& message, const std::string& id);

// `created` is the date as it is printed. A merge point has nothing to fill in.
std::string RenderTemplate(const Revision& revision, const std::string& created, bool is_merge,
                           const std::string& schema = {});

}  // namespace headway::core
