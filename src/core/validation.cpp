#include "core/validation.hpp"

#include "core/graph_errors.hpp"

namespace headway::core {

void Validate(const RevisionGraph& graph) {
  if (!graph.RepeatedLabels().empty()) ThrowDuplicateLabel(graph.RepeatedLabels().front());
  if (!graph.MissingParents().empty()) ThrowMissingReference(graph.MissingParents().front());
  RequireNoCycle(graph);
}

void RequireNoCycle(const RevisionGraph& graph) {
  if (const auto cycle = graph.FindCycle()) ThrowCycle(*cycle);
}

}  // namespace headway::core
