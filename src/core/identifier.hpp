// Names a user gives: revision ids and branch labels.
//
// Both follow Alembic's rules, because a target must be read without looking at the graph: "@" ends a label, "+" and
// "-" begin a number of steps, ":" parts a range, a comma parts a list. The words a target gives a meaning of its own
// (head, heads, base, current) are refused for the same reason.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headway::core {

inline constexpr std::string_view kHead = "head";
inline constexpr std::string_view kHeads = "heads";
inline constexpr std::string_view kBase = "base";
inline constexpr std::string_view kCurrent = "current";

// Throw Error(kInvalidRevisionId).
void RequireValidRevisionId(std::string_view id);
void RequireValidBranchLabel(std::string_view label);

bool IsReservedWord(std::string_view word);
bool IsSpace(char character);
std::string_view Trim(std::string_view text);

// The one name that `word` is most likely a slip of; empty when none is near or several are equally near.
std::string NearestName(std::string_view word, const std::vector<std::string_view>& names);

}  // namespace headway::core
