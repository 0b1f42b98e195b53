#include "core/interleave.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace headway::core {

namespace {

// How much larger the first pass is than each of the others.
constexpr double kFirstShare = 1.5;

// 2^64 divided by the golden ratio: the multiples of it spread over the circle more evenly than those of any other
// number, whatever the distance between the keys is.
constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15U;
constexpr double kCircle = 18446744073709551616.0;

// FNV-1a, 64 bits.
std::uint64_t Hash(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash ^ (hash >> 29U);
}

int PassOfFraction(double fraction, int passes) {
  const double share = 1.0 / (static_cast<double>(passes) - 1.0 + kFirstShare);
  const double first = share * kFirstShare;
  if (fraction < first) return 0;
  return std::min(passes - 1, 1 + static_cast<int>((fraction - first) / share));
}

}  // namespace

int PassesFor(const PageRoom& room) {
  if (room.rows < 2 || room.row_bytes <= 0) return 1;
  const double fits = std::floor(std::max(room.free_bytes, 0.0) / room.row_bytes);
  if (fits >= room.rows) return 1;
  // What fits beside the old versions can be the share of a pass. Less than two rows are not worth a pass.
  const double share = std::max(fits, 2.0);
  return static_cast<int>(std::clamp(std::ceil(room.rows / share), 2.0, static_cast<double>(kMostPasses)));
}

int PassOfKey(std::string_view key, int passes) {
  if (passes <= 1) return 0;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), number);
  const bool is_number = error == std::errc() && end == key.data() + key.size();
  const std::uint64_t point = (is_number ? static_cast<std::uint64_t>(number) : Hash(key)) * kGolden;
  return PassOfFraction(static_cast<double>(point) / kCircle, passes);
}

int PassOfPlace(std::int64_t place, std::int64_t rows_of_page, int passes) {
  if (passes <= 1 || rows_of_page <= 0) return 0;
  return PassOfFraction((static_cast<double>(place) + 0.5) / static_cast<double>(rows_of_page), passes);
}

}  // namespace headway::core
