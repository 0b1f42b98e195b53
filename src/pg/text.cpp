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

int LineCounter::At(std::size_t offset) {
  for (const std::size_t end = std::min(offset, text_.size()); at_ < end; ++at_) {
    const bool first_of_pair = text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n';
    if (text_[at_] == '\n' || (text_[at_] == '\r' && !first_of_pair)) ++line_;
  }
  return line_;
}

int LineOf(std::string_view text, std::size_t offset) { return LineCounter(text).At(offset); }

}  // namespace headway::pg
