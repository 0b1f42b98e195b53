#include "core/format.hpp"

#include <boost/format.hpp>

namespace headway::core {

std::string FormatAll(const char* pattern, std::initializer_list<FormatArgument> arguments) {
  boost::format filled(pattern);
  for (const FormatArgument& argument : arguments) {
    argument.Visit([&](const auto& value) { filled % value; });
  }
  return filled.str();
}

}  // namespace headway::core
