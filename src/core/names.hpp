// Several names in one text, as arguments give them and messages show them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headway::core {

// "a, b" and "a,b" are a and b. White space around a name is none of it; a text of white space has no names.
std::vector<std::string> SplitNames(std::string_view list);

// "a, b, c", all of them.
std::string JoinNames(const std::vector<std::string>& names);

// The same for a DETAIL line: a long list is cut, with the number of what was left out.
std::string ListNames(const std::vector<std::string>& names);

}  // namespace headway::core
