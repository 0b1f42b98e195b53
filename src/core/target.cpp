#include "core/target.hpp"

#include <algorithm>
#include <cstddef>

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/identifier.hpp"
#include "core/sqlstate.hpp"

namespace headway::core {
namespace {

// No graph is deeper: a longer walk ends at the last revision all the same, and adding up cannot overflow.
constexpr std::int64_t kMostSteps = 1'000'000'000;

// A walk over the graph each: more are a mistake, and must not become hours of work.
constexpr std::size_t kMostTargets = 1000;

constexpr char kForms[] = "Write head, heads, base, a revision, +N or -N, revision+N, or label@ before one of these.";

[[noreturn]] void Refuse(std::string_view text, const char* reason) {
  throw Error(sqlstate::kInvalidTarget, Format("invalid target \"%1%\"", text), reason, kForms);
}

std::int64_t ParseSteps(std::string_view text, std::string_view signed_number) {
  const std::string_view digits = signed_number.substr(1);
  if (digits.empty()) Refuse(text, "A number of steps must follow \"+\" or \"-\".");
  std::int64_t steps = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') Refuse(text, "Only digits may follow \"+\" or \"-\".");
    steps = std::min(steps * 10 + (digit - '0'), kMostSteps);
  }
  return signed_number.front() == '-' ? -steps : steps;
}

void RefuseStrayCharacters(std::string_view text) {
  if (text.empty()) Refuse(text, "A target must not be empty.");
  if (std::any_of(text.begin(), text.end(), IsSpace)) Refuse(text, "A target must not contain white space.");
  if (text.find(':') != std::string_view::npos) Refuse(text, "Only history takes a range.");
}

}  // namespace

Target ParseTarget(std::string_view text) {
  text = Trim(text);
  RefuseStrayCharacters(text);
  Target target;
  target.text = text;
  std::string_view place = text;
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    target.label = text.substr(0, at);
    place = text.substr(at + 1);
    if (target.label.empty()) Refuse(text, "A branch label must come before \"@\".");
    if (place.empty()) Refuse(text, "A place on the branch must follow \"@\".");
    if (place.find('@') != std::string_view::npos) Refuse(text, "There is more than one \"@\".");
  }
  const std::size_t sign = place.find_first_of("+-");
  target.symbol = place.substr(0, sign);
  if (sign != std::string_view::npos) target.steps = ParseSteps(text, place.substr(sign));
  return target;
}

std::vector<Target> ParseTargets(std::string_view text) {
  std::vector<Target> targets;
  std::size_t begin = 0;
  for (std::size_t comma = text.find(','); comma != std::string_view::npos; comma = text.find(',', begin)) {
    targets.push_back(ParseTarget(text.substr(begin, comma - begin)));
    if (targets.size() >= kMostTargets) {
      throw Error(sqlstate::kInvalidTarget, Format("more than %1% targets", kMostTargets), {}, kForms);
    }
    begin = comma + 1;
  }
  targets.push_back(ParseTarget(text.substr(begin)));
  return targets;
}

bool AnyRelativeToCurrent(std::string_view targets) {
  const std::vector<Target> parsed = ParseTargets(targets);
  return std::any_of(parsed.begin(), parsed.end(), [](const Target& target) { return target.relative_to_current(); });
}

TargetRange ParseRange(std::string_view text) {
  text = Trim(text);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    throw Error(sqlstate::kInvalidTarget, Format("invalid range \"%1%\"", text), "A range has exactly one \":\".",
                "Write from:to, from: or :to, for example -3:current.");
  }
  TargetRange range;
  const std::string_view from = Trim(text.substr(0, colon));
  const std::string_view to = Trim(text.substr(colon + 1));
  if (!from.empty()) range.from = ParseTarget(from);
  if (!to.empty()) range.to = ParseTarget(to);
  return range;
}

}  // namespace headway::core
