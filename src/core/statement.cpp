#include "core/statement.hpp"

namespace headway::core {

std::vector<std::pair<std::size_t, std::size_t>> EnumValuesUsedTooEarly(const Script& script,
                                                                        MentionsConstant mentions) {
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (std::size_t adder = 0; adder < script.statements.size(); ++adder) {
    const std::string& value = script.statements[adder].added_enum_value;
    if (value.empty()) continue;
    for (std::size_t user = adder + 1; user < script.statements.size(); ++user) {
      if (mentions(script.statements[user].text, value)) found.emplace_back(adder, user);
    }
  }
  return found;
}

}  // namespace headway::core
