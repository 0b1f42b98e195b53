// What goes wrong with a graph, a target or a set of heads, said in one place: each with the facts as DETAIL and the
// next step as HINT.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/graph.hpp"

namespace headway::core {

// The graph itself.
[[noreturn]] void ThrowDuplicateLabel(const RepeatedLabel& repeated);
[[noreturn]] void ThrowMissingReference(const MissingReference& missing);
[[noreturn]] void ThrowCycle(const Cycle& cycle);

// Names.
[[noreturn]] void ThrowUnknownRevision(const RevisionGraph& graph, std::string_view word);
[[noreturn]] void ThrowUnknownLabel(const RevisionGraph& graph, std::string_view label);
[[noreturn]] void ThrowAmbiguousRevision(std::string_view word, const std::vector<RevisionGraph::Match>& matches);
[[noreturn]] void ThrowNotOnBranch(const std::string& revision, const std::string& label);
[[noreturn]] void ThrowCurrentOutsideHistory(const std::string& target);

// Heads.
[[noreturn]] void ThrowMultipleHeads(const std::vector<std::string>& heads);
[[noreturn]] void ThrowMultipleCurrent(const std::string& target, const std::vector<std::string>& heads);
[[noreturn]] void ThrowUnregisteredHead(const std::string& head);
[[noreturn]] void ThrowOverlappingHeads(const std::string& upper, const std::string& lower);
[[noreturn]] void ThrowOverlappingTargets(const std::string& upper, const std::string& lower);
[[noreturn]] void ThrowContradiction(const std::string& revision);

// Ways to a target.
[[noreturn]] void ThrowWalkedTooFar(const std::string& target, const std::string& reached);
[[noreturn]] void ThrowAmbiguousWalk(const std::string& target, const std::string& at,
                                     const std::vector<std::string>& choices);
[[noreturn]] void ThrowWrongDirection(const std::string& target, const char* command);
[[noreturn]] void ThrowUnreachable(const std::string& message, const std::string& detail, const std::string& hint);

}  // namespace headway::core
