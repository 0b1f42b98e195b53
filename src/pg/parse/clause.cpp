#include "pg/parse/clause.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"

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
  List* trees = ParseClause(kAlterTable + prefix, clause, argument);
  if (list_length(trees) != 1) return nullptr;
  auto* raw = static_cast<RawStmt*>(linitial(trees));
  // A length is given when a semicolon ends the statement: more is to be put behind the clause.
  if (raw->stmt_len != 0 || !IsA(raw->stmt, AlterTableStmt)) return nullptr;
  auto* alter = castNode(AlterTableStmt, raw->stmt);
  return list_length(alter->cmds) == 1 ? static_cast<AlterTableCmd*>(linitial(alter->cmds)) : nullptr;
}

std::vector<std::string> AssignedColumns(const std::string& set_clause) {
  List* trees = ParseClause("UPDATE t SET ", set_clause, "set_clause");
  const UpdateStmt* update = nullptr;
  if (list_length(trees) == 1) {
    auto* raw = static_cast<RawStmt*>(linitial(trees));
    if (IsA(raw->stmt, UpdateStmt)) update = castNode(UpdateStmt, raw->stmt);
  }
  if (update == nullptr || update->whereClause != nullptr || update->fromClause != NIL ||
      compat::HasReturning(update) || update->withClause != nullptr) {
    ThrowClause("set_clause", "a list of assignments (column = expression, ...)", set_clause);
  }
  std::vector<std::string> columns;
  for (int i = 0; i < list_length(update->targetList); ++i) {
    columns.emplace_back(static_cast<ResTarget*>(list_nth(update->targetList, i))->name);
  }
  return columns;
}

void RequireExpression(const std::string& text, const char* argument) {
  List* trees = ParseClause("SELECT ", text, argument);
  bool single = false;
  if (list_length(trees) == 1) {
    auto* raw = static_cast<RawStmt*>(linitial(trees));
    auto* select = IsA(raw->stmt, SelectStmt) ? castNode(SelectStmt, raw->stmt) : nullptr;
    single = select != nullptr && select->op == SETOP_NONE && list_length(select->targetList) == 1 &&
             select->fromClause == NIL && select->whereClause == nullptr && select->distinctClause == NIL &&
             select->intoClause == nullptr && select->groupClause == NIL && select->havingClause == nullptr &&
             select->windowClause == NIL && select->valuesLists == NIL && select->sortClause == NIL &&
             select->limitOffset == nullptr && select->limitCount == nullptr && select->lockingClause == NIL &&
             select->withClause == nullptr && static_cast<ResTarget*>(linitial(select->targetList))->name == nullptr;
  }
  if (!single) ThrowClause(argument, "one expression", text);
}

std::vector<std::string> NamesOf(const List* strings) {
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(list_length(strings)));
  for (int i = 0; i < list_length(strings); ++i) names.emplace_back(strVal(list_nth(strings, i)));
  return names;
}

namespace {

// Calls `visit` with each token, the place of its first character, and its text. REQUIRES: inside a guard.
template <class Visit>
void ForEachToken(const char* text, Visit&& visit) {
  core_yy_extra_type extra;
  core_YYSTYPE value;
  YYLTYPE location;
  core_yyscan_t scanner = scanner_init(text, &extra, &ScanKeywords, ScanKeywordTokens);
  // The scanner ends each token with a null byte while it is the last one.
  while (const int token = core_yylex(&value, &location, scanner)) visit(token, location, extra.scanbuf + location);
  scanner_finish(scanner);
}

std::string Trimmed(const std::string& text) {
  constexpr char kSpace[] = " \t\n\r\f\v";
  const std::size_t start = text.find_first_not_of(kSpace);
  return start == std::string::npos ? std::string() : text.substr(start, text.find_last_not_of(kSpace) + 1 - start);
}

}  // namespace

std::string BehindKeyword(const std::string& text, const char* keyword) {
  const auto length = static_cast<int>(std::strlen(keyword));
  const int end = Guarded([&] {
    int found = -1;
    ForEachToken(text.c_str(), [&](int, int location, const char* token) {
      if (found < 0 && pg_strcasecmp(token, keyword) == 0) found = location + length;
    });
    return found;
  });
  return end < 0 ? std::string() : Trimmed(text.substr(static_cast<std::size_t>(end)));
}

std::string BetweenParentheses(const std::string& text) {
  struct Span {
    int first = -1;
    int last = 0;
  };
  const Span span = Guarded([&] {
    Span between;
    ForEachToken(text.c_str(), [&](int token, int location, const char*) {
      if (token == '(' && between.first < 0) between.first = location + 1;
      if (token == ')') between.last = location;
    });
    return between;
  });
  return text.substr(static_cast<std::size_t>(span.first), static_cast<std::size_t>(span.last - span.first));
}

}  // namespace headway::pg
