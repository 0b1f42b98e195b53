#include "core/offline_script.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/identifier.hpp"
#include "core/lookup.hpp"
#include "core/names.hpp"
#include "core/sql_text.hpp"
#include "core/sqlstate.hpp"

namespace headway::core {
namespace {

constexpr std::size_t kAlembicsWidth = 32;
// As scripts are read when they are registered.
constexpr char kReadAsWritten[] = "SET standard_conforming_strings = on;\n";

std::string ArrayLiteral(const Heads& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + QuotedLiteral(name);
  return "ARRAY[" + text + "]::text[]";
}

void RequireNoBackfill(const OfflineStep& step) {
  for (const Statement& statement : step.script.statements) {
    if (statement.kind != StatementClass::kOwnTransactions) continue;
    throw Error(sqlstate::kScriptRefused,
                Format("revision %1% cannot run on a database without the extension", step.step.revision),
                Format("The statement in line %1% commits in batches by itself.", statement.line),
                "Write the part before it and the part after it, and do the backfill by other means.");
  }
}

bool LeavesSettings(const Script& script) {
  return std::any_of(script.statements.begin(), script.statements.end(),
                     [](const Statement& statement) { return statement.session_setting; });
}

class ScriptWriter {
 public:
  explicit ScriptWriter(const OfflineScript& script) : script_(script), heads_(script.from) {}

  std::string Write() {
    const bool up = script_.direction == Direction::kUpgrade;
    Put(Format("-- %1% from %2%: %3% %4%. For psql; pg_headway is not needed where it runs.",
               up ? "Upgrade" : "Downgrade", Place(heads_), script_.steps.size(),
               script_.steps.size() == 1 ? "revision" : "revisions"));
    if (script_.steps.empty()) return text_ + "-- Nothing to do.";
    Put("\\set ON_ERROR_STOP on");
    Put(kReadAsWritten);
    if (up && heads_.empty()) PutTable();
    PutCheck();
    for (const OfflineStep& step : script_.steps) PutStep(step);
    if (heads_.empty()) {
      Open();
      Put(Format("DROP TABLE %1%;", script_.version_table));
      CloseStep();
    }
    Close();
    Put("DROP PROCEDURE pg_temp.require_version(text[]);");
    text_.pop_back();
    return std::move(text_);
  }

 private:
  static std::string Place(const Heads& heads) { return heads.empty() ? "base" : JoinNames(heads); }

  void Put(const std::string& line) { text_ += line + '\n'; }

  void Open() {
    if (open_) return;
    Put("BEGIN;");
    RequireVersion();
    open_ = true;
  }

  void Close() {
    if (open_) Put("COMMIT;\n");
    open_ = false;
  }

  void CloseStep() {
    text_ += '\n';
    if (!script_.single_transaction) Close();
  }

  // Alembic's own columns: it can go on with this table, and an empty one that it has left will do.
  void PutTable() {
    std::size_t width = kAlembicsWidth;
    for (const OfflineStep& step : script_.steps) width = std::max(width, step.step.revision.size());
    Put(
        Format("CREATE TABLE IF NOT EXISTS %1% (\n    version_num VARCHAR(%2%) NOT NULL,\n"
               "    CONSTRAINT %3% PRIMARY KEY (version_num)\n);\n",
               script_.version_table, width, script_.version_key));
  }

  // The lock makes two runs of a script wait for each other; the second then finds that it does not fit any more.
  void PutCheck() {
    const std::string body = Format(
        "\nDECLARE\n"
        "  present text[];\n"
        "BEGIN\n"
        "  LOCK TABLE %1% IN SHARE ROW EXCLUSIVE MODE;\n"
        "  SELECT coalesce(array_agg(version_num::text), '{}') INTO present FROM %1%;\n"
        "  IF NOT (present @> expected AND present <@ expected) THEN\n"
        "    RAISE EXCEPTION 'the database is not where this script goes on'\n"
        "      USING ERRCODE = 'object_not_in_prerequisite_state',\n"
        "        DETAIL = format('It is at %%s, the script goes on from %%s.',\n"
        "          coalesce(nullif(array_to_string(present, ', '), ''), 'base'),\n"
        "          coalesce(nullif(array_to_string(expected, ', '), ''), 'base')),\n"
        "        HINT = 'Make a script that begins where the database is: migrate_sql(''from:to'').';\n"
        "  END IF;\n"
        "END\n",
        script_.version_table);
    Put("CREATE OR REPLACE PROCEDURE pg_temp.require_version(expected text[]) LANGUAGE plpgsql AS " +
        DollarQuoted(body, "check") + ";\n");
  }

  void RequireVersion() { Put(Format("CALL pg_temp.require_version(%1%);\n", ArrayLiteral(heads_))); }

  void PutStep(const OfflineStep& step) {
    RequireNoBackfill(step);
    const bool in_transaction = step.script.transactional();
    if (in_transaction) {
      Open();
    } else {
      Close();
    }
    std::string title = Format("-- Running %1% %2% -> %3%", NameOf(step.step.direction), JoinNames(step.step.from),
                               JoinNames(step.step.to));
    if (!step.message.empty()) title += ", " + FirstLine(step.message);
    Put(title + '\n');
    if (!in_transaction) RequireVersion();
    for (const Statement& statement : step.script.statements) PutStatement(statement.text);
    if (LeavesSettings(step.script)) Put(std::string("RESET ROLE;\nRESET ALL;\n") + kReadAsWritten);
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
    const std::string& table = script_.version_table;
    if (step.heads_removed.size() == 1 && step.heads_added.size() == 1) {
      Put(Format("UPDATE %1% SET version_num = %2% WHERE version_num = %3%;", table,
                 QuotedLiteral(step.heads_added.front()), QuotedLiteral(step.heads_removed.front())));
    } else {
      for (const std::string& head : step.heads_removed) {
        Put(Format("DELETE FROM %1% WHERE version_num = %2%;", table, QuotedLiteral(head)));
      }
      for (const std::string& head : step.heads_added) {
        Put(Format("INSERT INTO %1% (version_num) VALUES (%2%);", table, QuotedLiteral(head)));
      }
    }
    for (const std::string& head : step.heads_removed) heads_.erase(std::find(heads_.begin(), heads_.end(), head));
    heads_.insert(heads_.end(), step.heads_added.begin(), step.heads_added.end());
  }

  const OfflineScript& script_;
  Heads heads_;  // what the version table holds at this point of the script
  std::string text_;
  bool open_ = false;
};

}  // namespace

OfflineRange ReadOfflineRange(const RevisionGraph& graph, const Heads& applied, std::string_view text,
                              Direction direction) {
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
    throw Error(sqlstate::kInvalidTarget, Format("invalid range \"%1%\"", text), "A range has exactly one \":\".",
                "Write from:to.");
  }
  if (direction == Direction::kDowngrade && (colon == std::string_view::npos || colon + 1 == text.size())) {
    throw Error(sqlstate::kInvalidTarget, Format("a downgrade script needs a range, not \"%1%\"", text),
                "It does not say where the other database is.",
                "Write from:to, for example head:base, or current:-1 to begin where this database is.");
  }
  OfflineRange range;
  range.to = std::string(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (Trim(range.to).empty() && colon != std::string_view::npos) range.to = kHead;
  const std::string_view from = colon == std::string_view::npos ? std::string_view() : Trim(text.substr(0, colon));
  if (from == kCurrent) {
    range.from = applied;
  } else if (!from.empty()) {
    range.from = HeadsAt(graph, from);
  }
  return range;
}

std::string RenderOfflineScript(const OfflineScript& script) { return ScriptWriter(script).Write(); }

}  // namespace headway::core
