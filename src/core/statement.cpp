#include "core/statement.hpp"

#include <algorithm>
#include <array>

namespace headway::core {
namespace {

// In the order of the enumerations.
constexpr std::array<const char*, 24> kWords = {
    "CONCURRENTLY", "IF EXISTS", "IF NOT EXISTS", "OR REPLACE", "ONLY",     "CASCADE",
    "TEMPORARY",    "UNLOGGED",  "FULL",          "WHERE",      "FINALIZE", "UNIQUE",
    "PRIMARY KEY",  "CHECK",     "FOREIGN KEY",   "EXCLUDE",    "NOT NULL", "DEFAULT",
    "GENERATED",    "IDENTITY",  "NOT VALID",     "NO INHERIT", "USING",    "USING INDEX"};
static_assert(kWords.size() == static_cast<std::size_t>(Word::kUsingIndex) + 1);

constexpr std::array<const char*, 28> kActions = {
    "ADD COLUMN",          "DROP COLUMN",       "ALTER TYPE",        "SET DEFAULT",
    "SET NOT NULL",        "DROP NOT NULL",     "ADD CONSTRAINT",    "DROP CONSTRAINT",
    "VALIDATE CONSTRAINT", "ATTACH PARTITION",  "DETACH PARTITION",  "RENAME",
    "RENAME COLUMN",       "RENAME CONSTRAINT", "SET SCHEMA",        "SET TABLESPACE",
    "SET LOGGED",          "SET UNLOGGED",      "SET ACCESS METHOD", "SET STORAGE",
    "SET OPTIONS",         "OWNER TO",          "ENABLE TRIGGER",    "DISABLE TRIGGER",
    "ROW SECURITY",        "REPLICA IDENTITY",  "ADD VALUE",         "OTHER"};
static_assert(kActions.size() == static_cast<std::size_t>(ActionKind::kOther) + 1);

}  // namespace

const char* NameOf(Word word) { return kWords[static_cast<std::size_t>(word)]; }

const char* NameOf(ActionKind kind) { return kActions[static_cast<std::size_t>(kind)]; }

std::string Words::Text() const {
  std::string text;
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (Has(static_cast<Word>(i))) text += (text.empty() ? "" : ", ") + std::string(kWords[i]);
  }
  return text;
}

std::string Statement::AddedEnumValue() const {
  const auto adds = [](const Action& action) { return action.kind == ActionKind::kAddValue; };
  const auto found = std::find_if(actions.begin(), actions.end(), adds);
  return found == actions.end() ? std::string() : found->name;
}

std::vector<std::pair<std::size_t, std::size_t>> EnumValuesUsedTooEarly(const Script& script,
                                                                        MentionsConstant mentions) {
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (std::size_t adder = 0; adder < script.statements.size(); ++adder) {
    const std::string value = script.statements[adder].AddedEnumValue();
    if (value.empty()) continue;
    for (std::size_t user = adder + 1; user < script.statements.size(); ++user) {
      if (mentions(script.statements[user].text, value)) found.emplace_back(adder, user);
    }
  }
  return found;
}

}  // namespace headway::core
