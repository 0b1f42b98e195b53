#include "core/duration.hpp"

#include <algorithm>

#include "core/format.hpp"

namespace headway::core {

std::string Duration(std::int64_t milliseconds) {
  const std::int64_t tenths = std::max<std::int64_t>(0, milliseconds) / 100;
  if (tenths < 100) return Format("%1%.%2% s", tenths / 10, tenths % 10);
  const std::int64_t seconds = tenths / 10;
  if (seconds < 60) return Format("%1% s", seconds);
  return Format("%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace headway::core
