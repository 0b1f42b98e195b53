#include "core/byte_size.hpp"

#include <algorithm>
#include <cstddef>

#include "core/format.hpp"

namespace headway::core {

namespace {

constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
constexpr std::size_t kCount = sizeof(kUnits) / sizeof(kUnits[0]);
constexpr std::int64_t kStep = 1024;
constexpr double kMost = 9e18;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool SameWord(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return Upper(a) == Upper(b); });
}

// Takes the digits off the text's beginning.
double TakeDigits(std::string_view& text, int& digits) {
  double number = 0;
  for (digits = 0; !text.empty() && IsDigit(text.front()); ++digits) {
    number = number * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  return number;
}

}  // namespace

std::string DescribeBytes(std::int64_t bytes) {
  std::int64_t scale = 1;
  std::size_t unit = 0;
  while (unit + 1 < kCount && bytes / scale >= kStep) {
    scale *= kStep;
    ++unit;
  }
  const std::int64_t whole = bytes / scale;
  const std::int64_t tenths = (bytes % scale) * 10 / scale;
  if (whole < 10 && tenths > 0) return Format("%1%.%2% %3%", whole, tenths, kUnits[unit]);
  return Format("%1% %2%", whole, kUnits[unit]);
}

std::optional<std::int64_t> ParseBytes(std::string_view text) {
  int digits = 0;
  double number = TakeDigits(text, digits);
  if (digits == 0) return std::nullopt;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    double fraction = TakeDigits(text, digits);
    for (; digits > 0; --digits) fraction /= 10;
    number += fraction;
  }
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  for (const char* unit : kUnits) {
    if (number > kMost) return std::nullopt;
    if (SameWord(text, unit)) return static_cast<std::int64_t>(number);
    number *= static_cast<double>(kStep);
  }
  return std::nullopt;
}

}  // namespace headway::core
