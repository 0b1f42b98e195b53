#include "core/identifier.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"

namespace headway::core {
namespace {

constexpr std::string_view kForbidden = "@-+:,";
constexpr char kRules[] =
    "Use letters, digits and underscores; \"@\", \"-\", \"+\", \":\", commas and white space have a "
    "meaning in targets.";
constexpr std::size_t kLongestSlip = 64;  // a longer word is no slip of the pen, and comparing costs its square

void RequireValidName(std::string_view name, const char* kind) {
  if (name.empty()) {
    throw Error(sqlstate::kInvalidRevisionId, Format("%1% must not be empty", kind), {}, kRules);
  }
  for (const char character : name) {
    if (IsSpace(character)) {
      throw Error(sqlstate::kInvalidRevisionId, Format("%1% \"%2%\" must not contain white space", kind, name), {},
                  kRules);
    }
    if (kForbidden.find(character) != std::string_view::npos) {
      throw Error(sqlstate::kInvalidRevisionId, Format("%1% \"%2%\" must not contain \"%3%\"", kind, name, character),
                  {}, kRules);
    }
  }
  if (IsReservedWord(name)) {
    throw Error(sqlstate::kInvalidRevisionId, Format("%1% \"%2%\" is a reserved word", kind, name),
                "Targets give head, heads, base and current a meaning of their own.", "Choose another name.");
  }
}

// How many letters must be changed, added, left out or swapped with their neighbour.
std::size_t EditDistance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before_last;
  std::vector<std::size_t> last;
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t column = 0; column < row.size(); ++column) row[column] = column;
  for (std::size_t line = 1; line <= left.size(); ++line) {
    before_last = std::exchange(last, row);
    row[0] = line;
    for (std::size_t column = 1; column < row.size(); ++column) {
      const bool same = left[line - 1] == right[column - 1];
      row[column] = std::min({last[column - 1] + (same ? 0 : 1), last[column] + 1, row[column - 1] + 1});
      if (line > 1 && column > 1 && left[line - 1] == right[column - 2] && left[line - 2] == right[column - 1]) {
        row[column] = std::min(row[column], before_last[column - 2] + 1);
      }
    }
  }
  return row.back();
}

std::size_t Difference(std::size_t left, std::size_t right) { return left > right ? left - right : right - left; }

}  // namespace

void RequireValidRevisionId(std::string_view id) { RequireValidName(id, "revision id"); }

void RequireValidBranchLabel(std::string_view label) { RequireValidName(label, "branch label"); }

bool IsReservedWord(std::string_view word) {
  return word == kHead || word == kHeads || word == kBase || word == kCurrent;
}

// Not std::isspace: the answer must not depend on the locale of the server process.
bool IsSpace(char character) { return character == ' ' || (character >= '\t' && character <= '\r'); }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

std::string NearestName(std::string_view word, const std::vector<std::string_view>& names) {
  if (word.size() < 3 || word.size() > kLongestSlip) return {};
  std::size_t nearest = word.size() < 6 ? 1 : 2;
  std::string_view found;
  bool only_one = false;
  for (const std::string_view name : names) {
    if (Difference(word.size(), name.size()) > nearest) continue;
    const std::size_t distance = EditDistance(word, name);
    if (distance > nearest) continue;
    only_one = distance < nearest || found.empty();
    nearest = distance;
    found = name;
  }
  return only_one ? std::string(found) : std::string();
}

}  // namespace headway::core
