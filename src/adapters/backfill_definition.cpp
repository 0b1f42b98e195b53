#include "adapters/backfill_definition.hpp"

#include "core/format.hpp"
#include "core/short_hash.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/text.hpp"

namespace headway::server {

namespace {

using core::Format;

}  // namespace

std::string MakeJobName(const BackfillDefinition& definition, const std::string& table) {
  const std::string hash = core::ShortHash(table + '\n' + definition.set_clause + '\n' + definition.where_clause);
  const std::string name = (definition.deletes ? "delete " : "") + table + " " + hash;
  return definition.revision.empty() ? name : definition.revision + ": " + name;
}

const char* NounOf(const BackfillDefinition& definition) { return definition.deletes ? "delete" : "backfill"; }

const char* CommandOf(const BackfillDefinition& definition) { return definition.deletes ? "delete" : "update"; }

const char* OnErrorOf(const BackfillDefinition& definition) { return definition.pass_over_failures ? "skip" : "stop"; }

WalkSql::WalkSql(const BackfillDefinition& definition, const pg::TableShape& target, bool only)
    : shape_(target), alias_(pg::QuoteIdentifier(pg::UnqualifiedName(definition.relation))) {
  // A clause may call the table by its name: a partition is given that name.
  target_ = (only ? "ONLY " : "") + target.qualified_name;
  if (target.oid != definition.relation) target_ += " AS " + alias_;
  place_ = alias_ + ".ctid";
  command_ = definition.deletes ? "DELETE FROM " + target_ : "UPDATE " + target_ + " SET " + definition.set_clause;
  const std::string& where = definition.where_clause;
  condition_ = where.empty() ? std::string() : " AND (\n" + where + "\n)";
  matches_ = where.empty() ? std::string("true") : "(\n" + where + "\n)";
  still_ = where.empty() || definition.deletes ? std::string("false") : matches_;
}

std::string WalkSql::Change(const std::string& where) const { return command_ + "\nWHERE " + where + condition_; }

std::string WalkSql::ChangeReturning(const std::string& where, const std::string& columns) const {
  return Change(where) + " RETURNING " + still_ + (columns.empty() ? "" : ", " + columns);
}

std::string WalkSql::KeyList(const char* suffix) const {
  std::string list;
  for (const pg::KeyColumn& column : shape_.key) {
    if (!list.empty()) list += ", ";
    list += alias_ + "." + pg::QuoteIdentifier(column.name) + suffix;
  }
  return list;
}

std::string WalkSql::Compare(bool greater, std::size_t first_param) const {
  std::string left, right;
  for (std::size_t i = 0; i < shape_.key.size(); ++i) {
    const pg::KeyColumn& column = shape_.key[i];
    left += (i == 0 ? "" : ", ") + alias_ + "." + pg::QuoteIdentifier(column.name);
    right += Format("%1%CAST($%2% AS %3%)", i == 0 ? "" : ", ", first_param + i, column.type);
  }
  const std::string& op = greater ? shape_.key[0].greater : shape_.key[0].not_greater;
  return Format("ROW(%1%) %2% ROW(%3%)", left, op, right);
}

std::string WalkSql::Equals(std::size_t first_param) const {
  std::string all;
  for (std::size_t i = 0; i < shape_.key.size(); ++i) {
    const pg::KeyColumn& column = shape_.key[i];
    all += Format("%1%%2%.%3% %4% CAST($%5% AS %6%)", i == 0 ? "" : " AND ", alias_, pg::QuoteIdentifier(column.name),
                  column.equal, first_param + i, column.type);
  }
  return all;
}

}  // namespace headway::server
