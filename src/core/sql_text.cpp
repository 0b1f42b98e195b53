#include "core/sql_text.hpp"

namespace headway::core {

std::string QuotedLiteral(const std::string& text) {
  const bool escapes = text.find('\\') != std::string::npos;
  std::string quoted = escapes ? "E'" : "'";
  for (const char character : text) {
    if (character == '\'' || character == '\\') quoted += character;
    quoted += character;
  }
  return quoted + "'";
}

std::string DollarQuoted(const std::string& text, const std::string& tag) {
  std::string word = tag;
  // The end of the text and the closing tag may make one together.
  for (int number = 2; (text + "$").find("$" + word + "$") != std::string::npos; ++number) {
    word = tag + std::to_string(number);
  }
  return "$" + word + "$" + text + "$" + word + "$";
}

}  // namespace headway::core
