#include "pg/clause.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"

namespace headway::pg {

using core::Format;

void ThrowClause(const char* argument, const char* must_be, const std::string& text, const std::string& hint) {
  throw core::Error(core::sqlstate::kSyntaxError, Format("%1% must be %2% and nothing else", argument, must_be),
                    Format("Given: %1%", text), hint);
}

List* ParseClause(const std::string& prefix, const std::string& clause, const char* argument) {
  const std::string text = prefix + clause;
  try {
    return Guarded([&] { return raw_parser(text.c_str(), RAW_PARSE_DEFAULT); });
  } catch (core::Error& error) {
    core::ErrorReport& report = error.report();
    const int position = report.cursor_position - static_cast<int>(prefix.size());
    if (position > 0) {
      report.internal_query = clause;
      report.internal_position = position;
      report.cursor_position = 0;
    }
    report.context = Format("argument \"%1%\"", argument);
    throw;
  }
}

const AlterTableCmd* ParseAlterClause(const std::string& prefix, const std::string& clause, const char* argument) {
  List* trees = ParseClause("ALTER TABLE t " + prefix, clause, argument);
  if (list_length(trees) != 1) return nullptr;
  auto* raw = static_cast<RawStmt*>(linitial(trees));
  // A length is given when a semicolon ends the statement: more is to be put behind the clause.
  if (raw->stmt_len != 0 || !IsA(raw->stmt, AlterTableStmt)) return nullptr;
  auto* alter = castNode(AlterTableStmt, raw->stmt);
  return list_length(alter->cmds) == 1 ? static_cast<AlterTableCmd*>(linitial(alter->cmds)) : nullptr;
}

std::vector<std::string> NamesOf(const List* strings) {
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(list_length(strings)));
  for (int i = 0; i < list_length(strings); ++i) names.emplace_back(strVal(list_nth(strings, i)));
  return names;
}

std::string BehindKeyword(const std::string& text, const char* keyword) {
  const auto length = static_cast<int>(std::strlen(keyword));
  const int end = Guarded([&] {
    core_yy_extra_type extra;
    core_YYSTYPE value;
    YYLTYPE location;
    core_yyscan_t scanner = scanner_init(text.c_str(), &extra, &ScanKeywords, ScanKeywordTokens);
    int found = -1;
    // The scanner ends each token with a null byte while it is the last one, so its text can be compared as a string.
    while (found < 0 && core_yylex(&value, &location, scanner) != 0) {
      if (pg_strcasecmp(extra.scanbuf + location, keyword) == 0) found = location + length;
    }
    scanner_finish(scanner);
    return found;
  });
  return end < 0 ? std::string() : text.substr(static_cast<std::size_t>(end));
}

}  // namespace headway::pg
