#include "core/offline_script.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/identifier.hpp"
#include "core/lookup.hpp"
#include "core/sqlstate.hpp"

namespace headway::core {
namespace {

constexpr std::size_t kAlembicsWidth = 32;

bool IsNameCharacter(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_' || static_cast<unsigned char>(character) >= 0x80;
}

// It goes into the script as it is, so nothing but a name may be in it.
void RequireTableName(const std::string& name) {
  const bool is_name = !name.empty() && std::all_of(name.begin(), name.end(), [](char character) {
    return IsNameCharacter(character) || character == '.';
  });
  if (is_name) return;
  throw Error(sqlstate::kInvalidParameterValue, Format("invalid name of a version table \"%1%\"", name), {},
              "Use letters, digits and underscores, and perhaps a schema before a dot.");
}

std::string Literal(const std::string& text) {
  std::string literal = "'";
  for (const char character : text) {
    if (character == '\'') literal += character;
    literal += character;
  }
  return literal + "'";
}

std::string Joined(const Heads& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find_first_of("\r\n")); }

class ScriptWriter {
 public:
  explicit ScriptWriter(const OfflineOptions& options) : options_(options) {}

  std::string Write(const std::vector<OfflineStep>& steps) {
    text_ = "\\set ON_ERROR_STOP on\n\n";
    if (options_.creates_table) CreateTable(steps);
    for (const OfflineStep& step : steps) WriteStep(step);
    if (options_.drops_table) {
      Open();
      Put(Format("DROP TABLE %1%;", options_.version_table));
      CloseStep();
    }
    Close();
    while (text_.back() == '\n') text_.pop_back();
    return std::move(text_);
  }

 private:
  void Put(const std::string& line) { text_ += line + '\n'; }

  void Open() {
    if (!open_) text_ += "BEGIN;\n\n";
    open_ = true;
  }

  void Close() {
    if (open_) text_ += "COMMIT;\n\n";
    open_ = false;
  }

  void CloseStep() {
    text_ += '\n';
    if (!options_.single_transaction) Close();
  }

  void CreateTable(const std::vector<OfflineStep>& steps) {
    std::size_t width = kAlembicsWidth;
    for (const OfflineStep& step : steps) width = std::max(width, step.step.revision.size());
    const std::string name = options_.version_table.substr(options_.version_table.rfind('.') + 1);
    Open();
    Put(
        Format("CREATE TABLE %1% (\n    version_num VARCHAR(%2%) NOT NULL,\n"
               "    CONSTRAINT %3%_pkc PRIMARY KEY (version_num)\n);",
               options_.version_table, width, name));
    CloseStep();
  }

  void WriteStep(const OfflineStep& step) {
    RequireNoBackfill(step);
    if (step.in_transaction) {
      Open();
    } else {
      Close();
    }
    const char* direction = step.step.direction == Direction::kUpgrade ? "upgrade" : "downgrade";
    std::string title = Format("-- Running %1% %2% -> %3%", direction, Joined(step.step.from), Joined(step.step.to));
    if (!step.message.empty()) title += ", " + FirstLine(step.message);
    Put(title + '\n');
    for (const Statement& statement : step.script.statements) PutStatement(statement.text);
    Open();
    PutHeads(step.step);
    CloseStep();
  }

  // A comment may stand behind the last statement of a script.
  void PutStatement(const std::string& statement) {
    const std::string text(Trim(statement));
    const std::size_t last_line = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n');
    const bool commented = text.find("--", last_line) != std::string::npos;
    Put(text + (commented ? "\n;\n" : ";\n"));
  }

  void PutHeads(const MigrationStep& step) {
    const std::string& table = options_.version_table;
    if (step.heads_removed.size() == 1 && step.heads_added.size() == 1) {
      Put(Format("UPDATE %1% SET version_num = %2% WHERE version_num = %3%;", table, Literal(step.heads_added.front()),
                 Literal(step.heads_removed.front())));
      return;
    }
    for (const std::string& head : step.heads_removed) {
      Put(Format("DELETE FROM %1% WHERE version_num = %2%;", table, Literal(head)));
    }
    for (const std::string& head : step.heads_added) {
      Put(Format("INSERT INTO %1% (version_num) VALUES (%2%);", table, Literal(head)));
    }
  }

  static void RequireNoBackfill(const OfflineStep& step) {
    for (const Statement& statement : step.script.statements) {
      if (statement.kind != StatementClass::kOwnTransactions) continue;
      throw Error(sqlstate::kScriptRefused,
                  Format("revision %1% cannot run on a database without the extension", step.step.revision),
                  Format("The statement in line %1% commits in batches by itself.", statement.line),
                  "Write the part before it and the part after it, and do the backfill by other means.");
    }
  }

  const OfflineOptions& options_;
  std::string text_;
  bool open_ = false;
};

}  // namespace

OfflineRange ReadOfflineRange(const RevisionGraph& graph, std::string_view text, Direction direction) {
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
    throw Error(sqlstate::kInvalidTarget, Format("invalid range \"%1%\"", text), "A range has exactly one \":\".",
                "Write from:to.");
  }
  if (direction == Direction::kDowngrade && (colon == std::string_view::npos || colon + 1 == text.size())) {
    throw Error(sqlstate::kInvalidTarget, Format("a downgrade script needs a range, not \"%1%\"", text),
                "There is no database to tell where it begins.", "Write from:to, for example head:base.");
  }
  OfflineRange range;
  range.to = std::string(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (Trim(range.to).empty() && colon != std::string_view::npos) range.to = kHead;
  const std::string_view from = colon == std::string_view::npos ? std::string_view() : Trim(text.substr(0, colon));
  if (!from.empty()) range.from = HeadsAt(graph, from);
  return range;
}

std::string RenderOfflineScript(const std::vector<OfflineStep>& steps, const OfflineOptions& options) {
  RequireTableName(options.version_table);
  return ScriptWriter(options).Write(steps);
}

}  // namespace headway::core
