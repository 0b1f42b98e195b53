// Whether a graph can be worked with: each error names what is wrong with it and the revision to register again.
#pragma once

#include "core/graph.hpp"

namespace headway::core {

// Throws kDuplicateLabel, kMissingParent or kCycle.
void Validate(const RevisionGraph& graph);
// Throws kCycle.
void RequireNoCycle(const RevisionGraph& graph);

}  // namespace headway::core
