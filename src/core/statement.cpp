#include "core/statement.hpp"

#include <algorithm>
#include <array>

namespace headway::core {
namespace {

// In the order of the enumerations.
constexpr std::array<const char*, 25> kWords = {
    "CONCURRENTLY", "IF EXISTS", "IF NOT EXISTS", "OR REPLACE", "ONLY",      "CASCADE",     "TEMPORARY",
    "UNLOGGED",     "FULL",      "WHERE",         "FINALIZE",   "UNIQUE",    "PRIMARY KEY", "CHECK",
    "FOREIGN KEY",  "EXCLUDE",   "NOT NULL",      "DEFAULT",    "GENERATED", "IDENTITY",    "NOT VALID",
    "NO INHERIT",   "USING",     "USING INDEX",   "ENUM"};
static_assert(kWords.size() == static_cast<std::size_t>(Word::kEnum) + 1);

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

bool Statement::MakesEnum(const ObjectName& type) const {
  if (!words.Has(Word::kEnum) || object.name != type.name) return false;
  return object.schema == type.schema || object.schema.empty() || type.schema.empty();
}

std::optional<std::size_t> FirstNewValue(const std::vector<Statement>& before, const UsesEnumValue& uses) {
  for (std::size_t adder = 0; adder < before.size(); ++adder) {
    const std::string value = before[adder].AddedEnumValue();
    const ObjectName& type = before[adder].object;
    const auto makes = [&](const Statement& statement) { return statement.MakesEnum(type); };
    const auto end = before.begin() + static_cast<std::ptrdiff_t>(adder);
    if (value.empty() || std::any_of(before.begin(), end, makes)) continue;
    if (uses(type, value)) return adder;
  }
  return std::nullopt;
}

}  // namespace headway::core
