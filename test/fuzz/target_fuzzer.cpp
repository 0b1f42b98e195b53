// Any text as a target or a range: read or refused, and on a sound graph planned or refused, with an error of ours.
#include <cstdint>
#include <string>

#include "core/error.hpp"
#include "core/identifier.hpp"
#include "core/lookup.hpp"
#include "core/offline_script.hpp"
#include "core/planner.hpp"
#include "core/target.hpp"

namespace {

namespace core = headway::core;

core::RevisionGraph Graph() {
  return core::RevisionGraph({{"abc123", {}, {}, {"left"}, ""},
                              {"abc456", {"abc123"}, {}, {}, ""},
                              {"def1", {"abc123"}, {}, {"right"}, ""},
                              {"m", {"abc456", "def1"}, {}, {}, ""},
                              {"x1", {}, {}, {"other"}, ""},
                              {"x2", {"x1"}, {"left"}, {}, ""}});
}

template <class Call>
void TryCall(const Call& call) {
  try {
    call();
  } catch (const core::Error& error) {
    if (error.report().message.empty() || error.report().sqlstate.size() != 5) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const core::RevisionGraph graph = Graph();
  const std::string text(reinterpret_cast<const char*>(data), size);
  TryCall([&] { core::ParseTargets(text); });
  TryCall([&] { core::RequireValidRevisionId(text); });
  TryCall([&] { ResolveName(graph, text); });
  for (const core::Heads& heads : {core::Heads(), core::Heads{"abc456", "x1"}, core::Heads{"m", "x2"}}) {
    TryCall([&] { core::PlanUpgrade(graph, heads, text); });
    TryCall([&] { core::PlanDowngrade(graph, heads, text); });
    TryCall([&] { core::PlanStamp(graph, heads, text, false); });
    TryCall([&] { core::PlanStamp(graph, heads, text, true); });
    TryCall([&] { core::PlanHistory(graph, heads, text); });
    TryCall([&] { core::ReadOfflineRange(graph, heads, text, core::Direction::kUpgrade); });
    TryCall([&] { core::ReadOfflineRange(graph, heads, text, core::Direction::kDowngrade); });
  }
  return 0;
}
