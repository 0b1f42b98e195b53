#include "pg/parse/script_errors.hpp"

#include <array>

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/parse/raw_parse.hpp"
#include "pg/text.hpp"

namespace headway::pg {

namespace {

using core::Format;

// Of a longer statement only the lines around the error are shown.
constexpr std::size_t kMostShown = 400;
constexpr std::size_t kShownBefore = 150;

struct Extent {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// From the first token behind the last semicolon to the next semicolon. What the scanner cannot read ends it.
Extent StatementAround(const std::string& text, std::size_t offset) {
  const QuietParsing silence;
  Extent extent = {std::string::npos, text.size()};
  Extent* found = &extent;  // memory that a longjmp leaves as it is
  const char* script = text.c_str();
  try {
    Guarded([=] {
      ScanTokens(script, [=](int token, const core_YYSTYPE&, int location) {
        const auto at = static_cast<std::size_t>(location);
        if (token == ';' && at < offset) found->begin = std::string::npos;
        if (token == ';' && at >= offset) found->end = at == offset ? at + 1 : at;
        if (token != ';' && found->begin == std::string::npos && at <= offset) found->begin = at;
        return token != ';' || at < offset;
      });
    });
  } catch (const core::Error& error) {
    if (error.Is(core::sqlstate::kQueryCanceled)) throw;
  }
  if (extent.begin > offset) extent.begin = offset;
  return extent;
}

// Cut at line ends: of an encoding nothing else is known to be the border of a character.
Extent LinesAround(const std::string& text, Extent extent, std::size_t offset) {
  if (extent.end - extent.begin <= kMostShown) return extent;
  if (offset - extent.begin > kShownBefore) {
    const std::size_t line = text.find('\n', offset - kShownBefore);
    if (line != std::string::npos && line < offset) extent.begin = line + 1;
  }
  const std::size_t line = text.find('\n', std::min(text.size(), extent.begin + kMostShown));
  if (line != std::string::npos && line >= offset) extent.end = std::min(extent.end, line);
  return extent;
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool StartsWith(const std::string& text, std::size_t offset, const char* with) {
  return text.compare(offset, std::strlen(with), with) == 0;
}

// The COPY ... FROM stdin right before the place where SQL ends: its statement's offset. The parser takes no partial
// text, so what is before is parsed by itself.
std::optional<std::size_t> CopyBefore(const std::string& text, std::size_t offset) {
  const QuietParsing silence;
  std::size_t end = 0;
  std::size_t* last = &end;
  const char* script = text.c_str();
  try {
    Guarded([=] {
      ScanTokens(script, [=](int token, const core_YYSTYPE&, int location) {
        if (static_cast<std::size_t>(location) >= offset) return false;
        if (token == ';') *last = static_cast<std::size_t>(location) + 1;
        return true;
      });
    });
    const std::string before = text.substr(0, end);
    List* statements = Guarded([&] { return ParseStatements(before.c_str()); });
    if (list_length(statements) == 0) return std::nullopt;
    auto* statement = llast_node(RawStmt, statements);
    if (!IsA(statement->stmt, CopyStmt)) return std::nullopt;
    auto* copy = castNode(CopyStmt, statement->stmt);
    if (!copy->is_from || copy->filename != nullptr || copy->is_program) return std::nullopt;
    return static_cast<std::size_t>(statement->stmt_location);
  } catch (const core::Error& error) {
    if (error.Is(core::sqlstate::kQueryCanceled)) throw;
    return std::nullopt;
  }
}

struct Explanation {
  const char* detail;
  const char* hint;
};

// What stands at the place of the error and is no SQL.
std::optional<Explanation> WhatStandsAt(const std::string& text, std::size_t offset) {
  if (text[offset] == '\\') {
    return Explanation{"A script holds SQL only; commands that begin with a backslash are psql's own.",
                       "Leave the meta-command out of the script, or run it from psql outside of migrate_revision()."};
  }
  const char next = offset + 1 < text.size() ? text[offset + 1] : '\0';
  if (text[offset] == ':' && (next == '"' || next == '\'' || next == '{' || IsLetter(next))) {
    return Explanation{"A colon before a name is a variable of psql: only psql puts its value there.",
                       "Write the value into the script, or read it when the script runs: "
                       "current_setting('myapp.name')."};
  }
  if (StartsWith(text, offset, "${") || StartsWith(text, offset, "{{") || StartsWith(text, offset, "{%")) {
    return Explanation{"This is a placeholder of a template, which another tool fills in.",
                       "Fill it in before the script is registered, or read a value when it runs: "
                       "current_setting('myapp.name')."};
  }
  return std::nullopt;
}

// The beginning of a line's comment that stands for "what follows is the way back", and whose it is.
struct DownMarker {
  const char* words;
  const char* tool;
};
constexpr std::array<DownMarker, 3> kDownMarkers = {
    {{"+goose Down", "goose"}, {"+migrate Down", "sql-migrate"}, {"migrate:down", "dbmate"}}};

const DownMarker* MarkerIn(const std::string& text, std::size_t comment) {
  const std::size_t word = text.find_first_not_of(" \t", comment + 2);
  if (word == std::string::npos) return nullptr;
  for (const DownMarker& marker : kDownMarkers) {
    if (pg_strncasecmp(text.c_str() + word, marker.words, std::strlen(marker.words)) == 0) return &marker;
  }
  return nullptr;
}

// Not inside of a string or of another comment: there a syntax error in its place would be seen.
bool IsComment(std::string text, std::size_t comment) {
  const QuietParsing silence;
  text.replace(comment, 2, ");");
  try {
    Guarded([&] { (void)ParseStatements(text.c_str()); });
    return false;
  } catch (const core::Error& error) {
    if (error.Is(core::sqlstate::kQueryCanceled)) throw;
    return ErrorOffset(error, text) == comment;
  }
}

int CharactersIn(const std::string& text) {
  return Guarded([&] { return pg_mbstrlen_with_len(text.c_str(), static_cast<int>(text.size())); });
}

}  // namespace

std::optional<std::size_t> ErrorOffset(const core::Error& error, const std::string& text) {
  const int position = error.report().cursor_position;
  if (position <= 0) return std::nullopt;
  return static_cast<std::size_t>(
      Guarded([&] { return pg_mbcharcliplen(text.c_str(), static_cast<int>(text.size()), position - 1); }));
}

void ShowAtStatement(core::Error& error, const std::string& statement, int line, const std::string& what) {
  core::ErrorReport& report = error.report();
  report.internal_query = statement;
  report.internal_position = 1;
  report.cursor_position = 0;
  report.context = Format("line %1% of the %2%", line, what);
}

void ExplainSyntaxError(core::Error& error, const std::string& text, const std::string& what) {
  const std::optional<std::size_t> place = ErrorOffset(error, text);
  if (!place) return;
  const std::size_t offset = *place;
  if (const auto copy = CopyBefore(text, offset)) {
    const Extent extent = StatementAround(text, *copy);
    error = core::Error(core::sqlstate::kScriptRefused, "COPY is not allowed in a revision's script",
                        "The lines behind it are data, which only a client can send.",
                        "Use INSERT (pg_dump --inserts writes it), or COPY from a file of the server.");
    const std::size_t begin = text.find_first_not_of(" \t\r\n", *copy);
    ShowAtStatement(error, text.substr(begin, extent.end - begin), LineOf(text, begin), what);
    return;
  }
  core::ErrorReport& report = error.report();
  const Extent shown = LinesAround(text, StatementAround(text, offset), offset);
  report.internal_query = text.substr(shown.begin, shown.end - shown.begin);
  report.internal_query.erase(report.internal_query.find_last_not_of(" \t\r\n") + 1);
  report.internal_position = 1 + CharactersIn(text.substr(shown.begin, offset - shown.begin));
  report.cursor_position = 0;
  report.context = Format("line %1% of the %2%", LineOf(text, offset), what);
  if (offset >= text.size()) return;
  if (const auto explanation = WhatStandsAt(text, offset)) {
    report.detail = explanation->detail;
    report.hint = explanation->hint;
  }
}

void RefuseCombinedFile(const std::string& text, const std::string& what) {
  for (std::size_t comment = text.find("--"); comment != std::string::npos; comment = text.find("--", comment + 2)) {
    const DownMarker* marker = MarkerIn(text, comment);
    if (marker == nullptr || !IsComment(text, comment)) continue;
    core::Error error(
        core::sqlstate::kScriptRefused, Format("the %1% holds the way back as well: \"%2%\"", what, marker->words),
        Format("This is a file of %1%, which runs one half of it; here all of it would run.", marker->tool),
        Format("Give what is behind that line as downgrade; \"pg_headway import %1%\" does it for a "
               "folder.",
               marker->tool));
    const std::size_t end = text.find('\n', comment);
    ShowAtStatement(error, text.substr(comment, end == std::string::npos ? end : end - comment), LineOf(text, comment),
                    what);
    throw error;
  }
}

}  // namespace headway::pg
