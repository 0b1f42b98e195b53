#include "core/short_hash.hpp"

#include <cstdint>

#include "core/format.hpp"

namespace headway::core {

std::string ShortHash(std::string_view text) {
  std::uint32_t hash = 2'166'136'261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  return Format("%08x", hash);
}

}  // namespace headway::core
