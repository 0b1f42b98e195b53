#include "pg/parse/index_clause.hpp"

#include <algorithm>

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/guard.hpp"
#include "pg/parse/clause.hpp"
#include "pg/postgres.hpp"
#include "pg/text.hpp"

extern "C" {
#include "parser/parse_target.h"
}

namespace headway::pg {

namespace {

using core::Format;

constexpr char kArgument[] = "definition";
constexpr char kIndexPrefix[] = "CREATE INDEX CONCURRENTLY IF NOT EXISTS n ON t ";
constexpr char kIndexHint[] =
    "Write what stands behind the table's name in CREATE INDEX, with the parentheses: (a, b) or USING gin (tags).";

List* Parse(const std::string& prefix, const std::string& definition, const std::string& hint) {
  try {
    return ParseClause(prefix, definition, kArgument);
  } catch (core::Error& error) {
    if (error.report().hint.empty()) error.report().hint = hint;
    throw;
  }
}

template <class NodeType>
const NodeType* OnlyStatement(List* trees, NodeTag tag) {
  if (list_length(trees) != 1) return nullptr;
  Node* statement = static_cast<RawStmt*>(linitial(trees))->stmt;
  return nodeTag(statement) == tag ? reinterpret_cast<const NodeType*>(statement) : nullptr;
}

bool IsPlainName(const RangeVar* relation) {
  return relation->catalogname == nullptr && relation->schemaname == nullptr && relation->inh;
}

// As ChooseIndexColumnNames() of the server does.
void AddLabel(std::vector<std::string>& labels, const IndexElem* element) {
  const char* name = element->name;
  if (name == nullptr) name = Guarded([&]() -> const char* { return FigureIndexColname(element->expr); });
  const std::string wanted = name == nullptr ? "expr" : name;
  std::string label = wanted;
  for (int i = 1; std::find(labels.begin(), labels.end(), label) != labels.end(); ++i) {
    const std::string number = std::to_string(i);
    const int kept = Guarded([&] {
      return pg_mbcliplen(wanted.c_str(), static_cast<int>(wanted.size()),
                          static_cast<int>(NAMEDATALEN - 1 - number.size()));
    });
    label = wanted.substr(0, static_cast<std::size_t>(kept)) + number;
  }
  labels.push_back(label);
}

std::vector<std::string> Names(List* strings) {
  std::vector<std::string> names;
  for (int i = 0; i < list_length(strings); ++i) names.emplace_back(strVal(list_nth(strings, i)));
  return names;
}

std::string QuotedList(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + QuoteIdentifier(name);
  return "(" + list + ")";
}

// WITH (fillfactor = 70) TABLESPACE fast: of the index, not of the constraint.
std::string Storage(const Constraint* constraint) {
  std::string options;
  for (int i = 0; i < list_length(constraint->options); ++i) {
    auto* option = list_nth_node(DefElem, constraint->options, i);
    options += options.empty() ? " WITH (" : ", ";
    if (option->defnamespace != nullptr) options += QuoteIdentifier(option->defnamespace) + ".";
    options += QuoteIdentifier(option->defname);
    if (option->arg == nullptr) continue;
    const char* value = Guarded([&]() -> const char* { return defGetString(option); });
    options += " = " + QuoteLiteral(value);
  }
  if (!options.empty()) options += ")";
  if (constraint->indexspace != nullptr) options += " TABLESPACE " + QuoteIdentifier(constraint->indexspace);
  return options;
}

KeyClause Describe(const Constraint* constraint, const std::string& kind) {
  KeyClause clause;
  clause.keys = Names(constraint->keys);
  clause.included = Names(constraint->including);
  const std::string keys = QuotedList(clause.keys);
  const std::string included = clause.included.empty() ? "" : " INCLUDE " + QuotedList(clause.included);
  const std::string nulls = constraint->nulls_not_distinct ? " NULLS NOT DISTINCT" : "";
  if (constraint->deferrable) clause.attributes = " DEFERRABLE";
  if (constraint->initdeferred) clause.attributes += " INITIALLY DEFERRED";
  clause.constraint = kind + nulls + " " + keys + included + clause.attributes;
  clause.index = keys + included + nulls + Storage(constraint);
  return clause;
}

}  // namespace

IndexClause ParseIndexClause(const std::string& definition) {
  const auto* create = OnlyStatement<IndexStmt>(Parse(kIndexPrefix, definition, kIndexHint), T_IndexStmt);
  if (create == nullptr || !IsPlainName(create->relation)) {
    ThrowClause(kArgument, "what stands behind the table's name in CREATE INDEX", definition, kIndexHint);
  }
  IndexClause clause;
  for (int i = 0; i < list_length(create->indexParams); ++i) {
    const auto* element = list_nth_node(IndexElem, create->indexParams, i);
    AddLabel(clause.labels, element);
    if (element->name != nullptr) clause.keys.emplace_back(element->name);
  }
  for (int i = 0; i < list_length(create->indexIncludingParams); ++i) {
    AddLabel(clause.labels, list_nth_node(IndexElem, create->indexIncludingParams, i));
  }
  clause.only_columns =
      clause.keys.size() == static_cast<std::size_t>(list_length(create->indexParams)) && !create->whereClause;
  return clause;
}

KeyClause ParseKeyClause(const std::string& definition, const std::string& kind) {
  const std::string must_be = "what stands behind " + kind + " in a constraint";
  const std::string hint = Format("Write %1%, with the parentheses: (a, b).", must_be);
  const auto* alter = OnlyStatement<AlterTableStmt>(
      Parse("ALTER TABLE t ADD CONSTRAINT n " + kind + " ", definition, hint), T_AlterTableStmt);
  const Constraint* constraint = nullptr;
  if (alter != nullptr && list_length(alter->cmds) == 1) {
    const auto* command = linitial_node(AlterTableCmd, alter->cmds);
    if (command->subtype == AT_AddConstraint) constraint = castNode(Constraint, command->def);
  }
  // USING INDEX has no columns.
  if (constraint == nullptr || constraint->keys == NIL) {
    ThrowClause(kArgument, must_be.c_str(), definition, hint);
  }
  return Describe(constraint, kind);
}

// As ChooseIndexNameAddition() of the server does: what is too long is cut later.
std::string JoinLabels(const std::vector<std::string>& labels) {
  std::string joined;
  for (const std::string& label : labels) {
    if (joined.size() >= NAMEDATALEN) break;
    joined += (joined.empty() ? "" : "_") + label;
  }
  return joined;
}

}  // namespace headway::pg
