#include "pg/parse/script.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/parse/statement_facts.hpp"
#include "pg/text.hpp"

namespace headway::pg {

namespace {

using core::Format;

OwnTransactionsTest is_own_transactions = nullptr;

// Why no script may contain it; null: it may.
const char* WhyRefused(const Node* tree) {
  if (IsA(tree, TransactionStmt)) {
    return "Each revision has its own transaction: leave BEGIN, COMMIT, ROLLBACK and SAVEPOINT out.";
  }
  if (IsA(tree, CopyStmt)) {
    const auto* copy = reinterpret_cast<const CopyStmt*>(tree);
    if (copy->filename != nullptr || copy->is_program) return nullptr;
    return copy->is_from ? "It needs a client that sends the data: use INSERT, or COPY from a file of the server."
                         : "It needs a client that receives the data.";
  }
  if (IsA(tree, IndexStmt)) {
    const auto* index = reinterpret_cast<const IndexStmt*>(tree);
    if (!index->concurrent || index->idxname != nullptr) return nullptr;
    return "Name the index: a failed try leaves an INVALID index behind, which is found again by its name.";
  }
  return nullptr;
}

// Calls `see` with each token of a script and its offset, until it returns false. REQUIRES: inside a guard, which ends
// the scanner with its memory when there is an error.
template <class See>
void Scan(const char* text, See see) {
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

// Where the first token of each statement stands: the parser counts white space, comments and empty statements before
// it as a part of the statement.
void FindFirstTokens(const char* text, const List* statements, int* offsets) {
  int next = 0;
  Scan(text, [&](int token, const core_YYSTYPE&, int location) {
    if (token == ';' || location < list_nth_node(RawStmt, statements, next)->stmt_location) return true;
    offsets[next++] = location;
    return next < list_length(statements);
  });
  if (next < list_length(statements)) elog(ERROR, "statement %d of the script has no token", next + 1);
}

// The raw parse, with the place of a syntax error moved from the client's query to the script.
List* RawParse(const std::string& text, const std::string& what) {
  try {
    return Guarded([&] { return ParseStatements(text.c_str()); });
  } catch (core::Error& error) {
    core::ErrorReport& report = error.report();
    const int position = report.cursor_position;
    if (position > 0) {
      const int bytes =
          Guarded([&] { return pg_mbcharcliplen(text.c_str(), static_cast<int>(text.size()), position - 1); });
      report.internal_query = text;
      report.internal_position = position;
      report.cursor_position = 0;
      report.context = Format("line %1% of the %2%", LineOf(text, bytes), what);
      if (static_cast<std::size_t>(bytes) < text.size() && text[bytes] == '\\') {
        report.detail = "A script holds SQL only; commands that begin with a backslash are psql's own.";
        report.hint = "Leave the meta-command out of the script, or run it from psql outside of migrate_revision().";
      }
    }
    throw;
  }
}

[[noreturn]] void ThrowRefused(const core::Statement& statement, const std::string& text, const std::string& what,
                               const std::string& message, const std::string& hint) {
  core::Error error(core::sqlstate::kScriptRefused, message, {}, hint);
  core::ErrorReport& report = error.report();
  report.internal_query = text;
  report.internal_position =
      1 + Guarded([&] { return pg_mbstrlen_with_len(text.c_str(), static_cast<int>(statement.offset)); });
  report.context = Format("line %1% of the %2%", statement.line, what);
  throw error;
}

core::Statement StatementAt(const std::string& text, const RawStmt* raw, int first_token) {
  core::Statement statement = ReadStatement(raw->stmt, is_own_transactions);
  const int end = raw->stmt_len == 0 ? static_cast<int>(text.size()) : raw->stmt_location + raw->stmt_len;
  statement.offset = static_cast<std::size_t>(first_token);
  statement.text = text.substr(statement.offset, static_cast<std::size_t>(end - first_token));
  statement.line = LineOf(text, statement.offset);
  return statement;
}

}  // namespace

void SetOwnTransactionsTest(OwnTransactionsTest test) { is_own_transactions = test; }

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

core::Script ParseScript(const std::string& text, const std::string& what) {
  core::Script script;
  List* raw_statements = RawParse(text, what);
  const int count = list_length(raw_statements);
  if (count == 0) return script;
  std::vector<int> first_tokens(static_cast<std::size_t>(count));
  Guarded([&] { FindFirstTokens(text.c_str(), raw_statements, first_tokens.data()); });
  for (int i = 0; i < count; ++i) {
    auto* raw = static_cast<RawStmt*>(list_nth(raw_statements, i));
    core::Statement statement = StatementAt(text, raw, first_tokens[static_cast<std::size_t>(i)]);
    if (const char* why = WhyRefused(raw->stmt)) {
      ThrowRefused(statement, text, what, Format("%1% is not allowed in a revision's script", statement.verb), why);
    }
    script.statements.push_back(std::move(statement));
  }
  return script;
}

void RefuseUnusable(const core::Script& script, const std::string& text, const std::string& what) {
  if (!script.transactional()) return;
  for (const auto& [adder, user] : core::EnumValuesUsedTooEarly(script, MentionsStringConstant)) {
    ThrowRefused(
        script.statements[user], text, what,
        Format("new enum value %1% is used in the transaction that adds it",
               QuoteLiteral(script.statements[adder].AddedEnumValue())),
        "PostgreSQL allows its use only after the commit: put what uses the value into a revision of its own.");
  }
}

bool SameScript(const std::string& left, const std::string& right) {
  if (left == right) return true;
  List* left_tree = RawParse(left, "script");
  List* right_tree = RawParse(right, "script");
  return Guarded([&] {
    if (list_length(left_tree) != list_length(right_tree)) return false;
    ListCell* a;
    ListCell* b;
    forboth(a, left_tree, b, right_tree) {
      if (!equal(lfirst_node(RawStmt, a)->stmt, lfirst_node(RawStmt, b)->stmt)) return false;
    }
    return true;
  });
}

bool MentionsStringConstant(const std::string& text, const std::string& value) {
  return Guarded([&] {
    bool found = false;
    Scan(text.c_str(), [&](int token, const core_YYSTYPE& read, int) {
      if (token != compat::kStringConstant && token != compat::kUnicodeStringConstant) return true;
      // A body ($$ ... $$, or a quoted one) holds the constant between quotes of its own.
      found = value == read.str || std::strstr(read.str, quote_literal_cstr(value.c_str())) != nullptr;
      return !found;
    });
    return found;
  });
}

}  // namespace headway::pg
