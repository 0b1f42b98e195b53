// The target grammar: what a user writes after upgrade, downgrade, stamp and history. Text only, no graph.
//
//   targets := target { ',' target }
//   target  := [ label '@' ] place
//   place   := symbol | [ symbol ] ( '+' | '-' ) number
//   symbol  := 'head' | 'heads' | 'base' | 'current' | a revision id, a prefix of one, or a branch label
//   range   := [ target ] ':' [ target ]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headway::core {

struct Target {
  std::string text;    // as written, for messages
  std::string label;   // before "@"; empty: none
  std::string symbol;  // empty: relative to what is applied now
  std::optional<std::int64_t> steps;

  bool relative_to_current() const { return symbol.empty(); }
};

struct TargetRange {
  std::optional<Target> from;
  std::optional<Target> to;
};

// All of them throw Error(kInvalidTarget).
Target ParseTarget(std::string_view text);
std::vector<Target> ParseTargets(std::string_view text);  // at least one
// Whether one of them means something else as soon as something is applied.
bool AnyRelativeToCurrent(std::string_view targets);
TargetRange ParseRange(std::string_view text);

}  // namespace headway::core
