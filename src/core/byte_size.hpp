// Sizes as text, both ways: "512 kB", "20 MB", "1.5 GB". 1 kB is 1024 bytes, as everywhere in PostgreSQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headway::core {

// Rounded down: below ten of its unit with one decimal.
std::string DescribeBytes(std::int64_t bytes);

// A number, with a fraction or not, and its unit: B, kB, MB, GB or TB in any case, with white space between or not.
// Nothing when it is something else, or too large.
std::optional<std::int64_t> ParseBytes(std::string_view text);

}  // namespace headway::core
