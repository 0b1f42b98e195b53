#include "pg/parse/script.hpp"

#include <algorithm>
#include <optional>

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/parse/enum_value.hpp"
#include "pg/parse/raw_parse.hpp"
#include "pg/parse/script_errors.hpp"
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

// Where the first token of each statement stands: the parser counts white space, comments and empty statements before
// it as a part of the statement.
void FindFirstTokens(const char* text, const List* statements, int* offsets) {
  int next = 0;
  ScanTokens(text, [&](int token, const core_YYSTYPE&, int location) {
    if (token == ';' || location < list_nth_node(RawStmt, statements, next)->stmt_location) return true;
    offsets[next++] = location;
    return next < list_length(statements);
  });
  if (next < list_length(statements)) elog(ERROR, "statement %d of the script has no token", next + 1);
}

struct RawScript {
  std::string text;            // as it was parsed: of the same length, so that places in it are places in the script
  List* statements = nullptr;  // of RawStmt
  bool begins_and_commits = false;
};

// Lines that pg_dump writes for psql. The parser stops at the backslash, so that it stands in no string.
bool BlankOutRestrict(std::string& text, std::size_t offset) {
  for (const char* command : {"\\restrict ", "\\unrestrict "}) {
    if (text.compare(offset, std::strlen(command), command) != 0) continue;
    const std::size_t end = std::min(text.find_first_of("\r\n", offset), text.size());
    text.replace(offset, end - offset, end - offset, ' ');
    return true;
  }
  return false;
}

bool IsPlain(const RawStmt* statement, TransactionStmtKind kind, TransactionStmtKind same) {
  if (!IsA(statement->stmt, TransactionStmt)) return false;
  const auto* control = castNode(TransactionStmt, statement->stmt);
  return (control->kind == kind || control->kind == same) && control->options == NIL && !control->chain;
}

// BEGIN; ...; COMMIT around everything else: what it asks for is what a revision has anyway.
void LeaveOutBeginAndCommit(RawScript& script) {
  const int count = list_length(script.statements);
  if (count < 2) return;
  if (!IsPlain(linitial_node(RawStmt, script.statements), TRANS_STMT_BEGIN, TRANS_STMT_START)) return;
  if (!IsPlain(llast_node(RawStmt, script.statements), TRANS_STMT_COMMIT, TRANS_STMT_COMMIT)) return;
  script.statements = Guarded([&] { return list_truncate(list_copy_tail(script.statements, 1), count - 2); });
  script.begins_and_commits = true;
}

// The raw parse, with the place of a syntax error moved from the client's query to the script.
RawScript RawParse(std::string text, const std::string& what, bool quiet = true) {
  std::optional<QuietParsing> silence;
  if (quiet) silence.emplace();
  constexpr char kByteOrderMark[] = "\xEF\xBB\xBF";
  RawScript script;
  if (text.compare(0, 3, kByteOrderMark) == 0) text.replace(0, 3, "   ");
  script.text = std::move(text);
  for (;;) {
    try {
      // The raw parser holds nothing but memory, so that an error of it may be the end of the matter.
      script.statements = Guarded([&] { return ParseStatements(script.text.c_str()); });
      break;
    } catch (core::Error& error) {
      const std::optional<std::size_t> offset = ErrorOffset(error, script.text);
      if (offset && BlankOutRestrict(script.text, *offset)) continue;
      ExplainSyntaxError(error, script.text, what);
      throw;
    }
  }
  LeaveOutBeginAndCommit(script);
  return script;
}

// With how many equal statements both begin.
int CountEqual(const RawScript& one, const RawScript& other) {
  const int most = std::min(list_length(one.statements), list_length(other.statements));
  return Guarded([&] {
    int i = 0;
    while (i < most &&
           equal(list_nth_node(RawStmt, one.statements, i)->stmt, list_nth_node(RawStmt, other.statements, i)->stmt)) {
      ++i;
    }
    return i;
  });
}

[[noreturn]] void ThrowRefused(const core::Statement& statement, const std::string& what, const std::string& message,
                               const std::string& hint) {
  core::Error error(core::sqlstate::kScriptRefused, message, {}, hint);
  ShowAtStatement(error, statement.text, statement.line, what);
  throw error;
}

core::Statement StatementAt(const std::string& text, const RawStmt* raw, int first_token) {
  core::Statement statement = ReadStatement(raw->stmt, is_own_transactions);
  const int end = raw->stmt_len == 0 ? static_cast<int>(text.size()) : raw->stmt_location + raw->stmt_len;
  statement.offset = static_cast<std::size_t>(first_token);
  statement.text = text.substr(statement.offset, static_cast<std::size_t>(end - first_token));
  return statement;
}

}  // namespace

void SetOwnTransactionsTest(OwnTransactionsTest test) { is_own_transactions = test; }

core::Script ParseScript(const std::string& text, const std::string& what, bool quiet) {
  core::Script script;
  const RawScript raw_script = RawParse(text, what, quiet);
  const QuietParsing silence;
  script.begins_and_commits = raw_script.begins_and_commits;
  const int count = list_length(raw_script.statements);
  if (count == 0) return script;
  std::vector<int> first_tokens(static_cast<std::size_t>(count));
  Guarded([&] { FindFirstTokens(raw_script.text.c_str(), raw_script.statements, first_tokens.data()); });
  LineCounter lines(raw_script.text);
  for (int i = 0; i < count; ++i) {
    CheckInterrupts();
    auto* raw = static_cast<RawStmt*>(list_nth(raw_script.statements, i));
    core::Statement statement = StatementAt(raw_script.text, raw, first_tokens[static_cast<std::size_t>(i)]);
    statement.line = lines.At(statement.offset);
    if (const char* why = WhyRefused(raw->stmt)) {
      ThrowRefused(statement, what, Format("%1% is not allowed in a revision's script", statement.verb), why);
    }
    script.statements.push_back(std::move(statement));
  }
  return script;
}

void RefuseUnusable(const core::Script& script, const std::string& what) {
  if (!script.transactional()) return;
  std::vector<core::Statement> enums;
  for (const core::Statement& statement : script.statements) {
    const auto uses = [&](const core::ObjectName& type, const std::string& value) {
      return CastsToEnumValue(statement.text, type, value);
    };
    if (const auto adder = core::FirstNewValue(enums, uses)) {
      ThrowRefused(
          statement, what,
          Format("new enum value %1% is used in the transaction that adds it",
                 QuoteLiteral(enums[*adder].AddedEnumValue())),
          "PostgreSQL allows its use only after the commit: put what uses the value into a revision of its own.");
    }
    if (!statement.AddedEnumValue().empty() || statement.words.Has(core::Word::kEnum)) enums.push_back(statement);
  }
}

std::int64_t CountEqualStatements(const std::string& left, const std::string& right) {
  return CountEqual(RawParse(left, "script"), RawParse(right, "script"));
}

bool SameScript(const std::string& left, const std::string& right) {
  if (left == right) return true;
  const RawScript one = RawParse(left, "script");
  const RawScript other = RawParse(right, "script");
  const int count = list_length(one.statements);
  return count == list_length(other.statements) && CountEqual(one, other) == count;
}

}  // namespace headway::pg
