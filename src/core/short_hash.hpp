// A short name for a long text, the same on every server and in every version.
#pragma once

#include <string>
#include <string_view>

namespace headway::core {

// Eight hexadecimal digits (FNV-1a).
std::string ShortHash(std::string_view text);

}  // namespace headway::core
