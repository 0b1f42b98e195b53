#include "pg/text.hpp"

#include <algorithm>

#include "pg/compat.hpp"
#include "pg/guard.hpp"

namespace headway::pg {

std::string ToString(Datum text_datum) {
  const char* value = Guarded([&] { return TextDatumGetCString(text_datum); });
  return value;
}

Datum TextDatum(std::string_view value) {
  return Guarded(
      [&] { return PointerGetDatum(cstring_to_text_with_len(value.data(), static_cast<int>(value.size()))); });
}

Datum TextArrayDatum(const std::vector<std::string>& values) {
  const int count = static_cast<int>(values.size());
  auto* elements = static_cast<Datum*>(palloc(sizeof(Datum) * (count + 1)));
  for (int i = 0; i < count; ++i) {
    elements[i] = PointerGetDatum(cstring_to_text_with_len(values[i].data(), static_cast<int>(values[i].size())));
  }
  return PointerGetDatum(construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT));
}

std::string QuoteIdentifier(const std::string& name) {
  const char* quoted = Guarded([&] { return quote_identifier(name.c_str()); });
  return quoted;
}

std::string QuoteLiteral(const std::string& value) {
  const char* quoted = Guarded([&] { return quote_literal_cstr(value.c_str()); });
  return quoted;
}

bool IsSameWord(const std::string& left, const std::string& right) {
  return pg_strcasecmp(left.c_str(), right.c_str()) == 0;
}

int LineOf(std::string_view text, std::size_t offset) {
  int line = 1;
  for (std::size_t at = 0; at < std::min(offset, text.size()); ++at) {
    const bool first_of_pair = text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
    if (text[at] == '\n' || (text[at] == '\r' && !first_of_pair)) ++line;
  }
  return line;
}

}  // namespace headway::pg
