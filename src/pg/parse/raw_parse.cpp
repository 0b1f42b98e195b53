#include "pg/parse/raw_parse.hpp"

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

}  // namespace headway::pg
