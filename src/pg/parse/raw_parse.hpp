// The server's scanner and raw parser, as scripts are read: strings as standard_conforming_strings = on says.
#pragma once

#include "pg/compat.hpp"
#include "pg/postgres.hpp"

namespace headway::pg {

// The raw parse trees of a script or of one statement of it, in the current memory context. REQUIRES: inside a guard.
List* ParseStatements(const char* text);

// While it lives, the client gets none of the parser's notices (an identifier that is truncated): they have been given
// when the script was registered, and are given again when the statement runs.
class QuietParsing {
 public:
  QuietParsing();
  QuietParsing(const QuietParsing&) = delete;
  QuietParsing& operator=(const QuietParsing&) = delete;
  ~QuietParsing();

 private:
  int level_;
};

// Calls `see` with each token of a script and its offset, until it returns false. REQUIRES: inside a guard, which ends
// the scanner with its memory when there is an error.
template <class See>
void ScanTokens(const char* text, See see) {
  core_yy_extra_type extra;
  core_YYSTYPE value;
  YYLTYPE location;
  core_yyscan_t scanner = scanner_init(text, &extra, &ScanKeywords, ScanKeywordTokens);
  compat::ScanStandardStrings(extra);
  for (int token = core_yylex(&value, &location, scanner); token != 0; token = core_yylex(&value, &location, scanner)) {
    if (!see(token, value, location)) break;
  }
  scanner_finish(scanner);
}

}  // namespace headway::pg
