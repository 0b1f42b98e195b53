// Lengths of time, as messages show them: "0.4 s", "12 s", "00:03:10".
#pragma once

#include <cstdint>
#include <string>

namespace headway::core {

std::string Duration(std::int64_t milliseconds);

}  // namespace headway::core
