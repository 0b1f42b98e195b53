#include "pg/parse/raw_parse.hpp"

#include <algorithm>

namespace headway::pg {

List* ParseStatements(const char* text) {
  const bool conforming = compat::SetStandardStrings(true);
  List* volatile statements = NIL;
  PG_TRY();
  { statements = raw_parser(text, RAW_PARSE_DEFAULT); }
  PG_FINALLY();
  { compat::SetStandardStrings(conforming); }
  PG_END_TRY();
  return statements;
}

QuietParsing::QuietParsing() : level_(client_min_messages) {
  client_min_messages = std::max(client_min_messages, ERROR);
}

QuietParsing::~QuietParsing() { client_min_messages = level_; }

}  // namespace headway::pg
