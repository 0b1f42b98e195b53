#include "core/names.hpp"

#include <algorithm>

#include "core/format.hpp"
#include "core/identifier.hpp"

namespace headway::core {
namespace {

constexpr std::size_t kLongestList = 10;

}  // namespace

std::vector<std::string> SplitNames(std::string_view list) {
  std::vector<std::string> names;
  std::string_view rest = Trim(list);
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    names.emplace_back(Trim(rest.substr(0, comma)));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return names;
}

std::string JoinNames(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

std::string ListNames(const std::vector<std::string>& names) {
  std::string list;
  const std::size_t shown = std::min(names.size(), kLongestList);
  for (std::size_t position = 0; position < shown; ++position) {
    if (position > 0) list += ", ";
    list += names[position];
  }
  if (shown < names.size()) list += Format(" and %1% more", names.size() - shown);
  return list;
}

}  // namespace headway::core
