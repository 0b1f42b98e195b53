// Between std::string and the server's texts: arguments in, results out, quoting of identifiers and literals.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

std::string ToString(Datum text_datum);
Datum TextDatum(std::string_view value);

// REQUIRES: inside a guard.
Datum TextArrayDatum(const std::vector<std::string>& values);

// An identifier ("order", "My Table") and a literal ('it''s') for a text of SQL.
std::string QuoteIdentifier(const std::string& name);
std::string QuoteLiteral(const std::string& value);

// Without regard to case, of letters of ASCII.
bool IsSameWord(const std::string& left, const std::string& right);

// The line of a byte offset in a text, from 1.
int LineOf(std::string_view text, std::size_t offset);

// The same of one offset after the other, each behind the last one: the text is read once for all of them.
class LineCounter {
 public:
  explicit LineCounter(std::string_view text) : text_(text) {}
  int At(std::size_t offset);

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace headway::pg
