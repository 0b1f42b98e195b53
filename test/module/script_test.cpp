// SQL functions for src/pg/parse/script.cpp: test/module/sql/script.sql calls them.
#include "pg/parse/script.hpp"
#include "pg/entry_point.hpp"
#include "pg/parse/raw_parse.hpp"

#include "pg/text.hpp"

namespace pg = headway::pg;
namespace core = headway::core;

namespace {

// The trees of the statements that would be run, each parsed by itself, against those of the whole text.
const char* Difference(const std::string& text, const core::Script& script) {
  List* whole = pg::Guarded([&] { return pg::ParseStatements(text.c_str()); });
  if (list_length(whole) != static_cast<int>(script.statements.size())) return "another number of statements";
  std::size_t end = 0;
  for (std::size_t i = 0; i < script.statements.size(); ++i) {
    const core::Statement& statement = script.statements[i];
    if (statement.offset < end || statement.offset + statement.text.size() > text.size()) return "overlapping";
    if (text.compare(statement.offset, statement.text.size(), statement.text) != 0) return "not a part of the text";
    end = statement.offset + statement.text.size();
    const bool same = pg::Guarded([&] {
      List* single = pg::ParseStatements(statement.text.c_str());
      return list_length(single) == 1 &&
             equal(linitial_node(RawStmt, single)->stmt, list_nth_node(RawStmt, whole, static_cast<int>(i))->stmt);
    });
    if (!same) return "another statement";
  }
  return nullptr;
}

std::string Text(const core::ObjectName& name) {
  return name.schema.empty() ? name.name : name.schema + "." + name.name;
}

const char* NameOf(core::StatementClass kind) {
  switch (kind) {
    case core::StatementClass::kTransactional:
      return "";
    case core::StatementClass::kTopLevel:
      return "top level";
    case core::StatementClass::kConcurrently:
      return "concurrently";
    case core::StatementClass::kOwnTransactions:
      return "own transactions";
  }
  return nullptr;
}

// "; "-separated, what is empty left out.
void Append(std::string& line, const std::string& what, const std::string& value) {
  if (value.empty()) return;
  line += (line.empty() ? "" : "; ") + (what.empty() ? value : what + " " + value);
}

std::string Facts(const core::Statement& statement) {
  std::string line = statement.verb + (statement.subject.empty() ? "" : " (" + statement.subject + ")");
  std::string relations;
  for (const core::ObjectName& relation : statement.relations) {
    relations += (relations.empty() ? "" : ", ") + Text(relation);
  }
  Append(line, "on", relations);
  Append(line, "object", Text(statement.object));
  Append(line, "words", statement.words.Text());
  Append(line, "", NameOf(statement.kind));
  Append(line, "", statement.session_setting ? "session setting" : "");
  Append(line, "", statement.runs_code ? "runs code" : "");
  for (const core::Action& action : statement.actions) {
    line += std::string("\n  ") + core::NameOf(action.kind);
    Append(line, "name", action.name);
    Append(line, "new name", action.new_name);
    Append(line, "type", action.type);
    Append(line, "words", action.words.Text());
    Append(line, "other", Text(action.other));
  }
  return line;
}

}  // namespace

extern "C" {
PG_FUNCTION_INFO_V1(script_compare);
PG_FUNCTION_INFO_V1(script_facts);
}

// What is known of each statement: a line for it, and one for each of its actions.
Datum script_facts(PG_FUNCTION_ARGS) {
  return pg::AtBoundary([&] {
    std::string answer;
    for (const core::Statement& statement : pg::ParseScript(pg::ToString(PG_GETARG_DATUM(0)), "script").statements) {
      answer += (answer.empty() ? "" : "\n") + Facts(statement);
    }
    return pg::TextDatum(answer);
  });
}

// "same: N", where N is the number of statements, what is different, or "refused" for what no script may hold.
Datum script_compare(PG_FUNCTION_ARGS) {
  return pg::AtBoundary([&] {
    const std::string text = pg::ToString(PG_GETARG_DATUM(0));
    std::string answer;
    try {
      const core::Script script = pg::ParseScript(text, "script");
      const char* difference = Difference(text, script);
      answer = difference != nullptr ? difference : "same: " + std::to_string(script.statements.size());
    } catch (const core::Error& error) {
      if (!error.Is("MG013") && !error.Is("42601")) throw;
      answer = "refused";
    }
    return pg::TextDatum(answer);
  });
}
