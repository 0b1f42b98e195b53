// A foreign key in phases. The server compares no two of them for us, so they are compared by what the catalogs say.
#include <algorithm>
#include <memory>
#include <utility>

#include "core/format.hpp"
#include "operations/common_phases.hpp"
#include "pg/backend.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/parse/foreign_key.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::operations {

namespace {

using core::Format;

// The numbers of columns, in the order of the names: {3,1}.
pg::PreparedQuery numbers_of(
    "SELECT CAST(ARRAY(SELECT a.attnum FROM pg_catalog.unnest($2) WITH ORDINALITY AS n(name, place)"
    " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND a.attname OPERATOR(pg_catalog.=) CAST(n.name AS pg_catalog.name) ORDER BY n.place) AS pg_catalog.text)",
    "iT");

// Not those that are parts of a constraint of the table $9 already: another one cannot take them over.
pg::PreparedQuery find_same(
    "SELECT c.conname, c.convalidated FROM pg_catalog.pg_constraint c"
    " WHERE c.conrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid) AND c.contype OPERATOR(pg_catalog.=) 'f'"
    " AND c.confrelid OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.oid)"
    " AND CAST(c.conkey AS pg_catalog.text) OPERATOR(pg_catalog.=) $3"
    " AND CAST(c.confkey AS pg_catalog.text) OPERATOR(pg_catalog.=) $4"
    " AND COALESCE(CAST(c.confdelsetcols AS pg_catalog.text), '{}') OPERATOR(pg_catalog.=) $5"
    " AND pg_catalog.concat(c.confupdtype, c.confdeltype, c.confmatchtype) OPERATOR(pg_catalog.=) $6"
    " AND c.condeferrable OPERATOR(pg_catalog.=) $7 AND c.condeferred OPERATOR(pg_catalog.=) $8"
    " AND NOT EXISTS (WITH RECURSIVE up(relation, parent) AS ("
    " SELECT p.conrelid, p.conparentid FROM pg_catalog.pg_constraint p"
    " WHERE p.oid OPERATOR(pg_catalog.=) c.conparentid UNION ALL"
    " SELECT p.conrelid, p.conparentid FROM up JOIN pg_catalog.pg_constraint p"
    " ON p.oid OPERATOR(pg_catalog.=) up.parent)"
    " SELECT 1 FROM up WHERE up.relation OPERATOR(pg_catalog.=) CAST($9 AS pg_catalog.oid))"
    " ORDER BY c.convalidated DESC, c.conname",
    "iittttbbi");

pg::PreparedQuery primary_key(
    "SELECT CAST(a.attname AS pg_catalog.text) FROM pg_catalog.pg_index i, pg_catalog.unnest(i.indkey) WITH ORDINALITY"
    " AS k(number, place), pg_catalog.pg_attribute a"
    " WHERE i.indrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid) AND i.indisprimary"
    " AND k.place OPERATOR(pg_catalog.<=) i.indnkeyatts AND a.attrelid OPERATOR(pg_catalog.=) i.indrelid"
    " AND a.attnum OPERATOR(pg_catalog.=) k.number ORDER BY k.place",
    "i");

// Whether a DELETE of a referenced row finds those that reference it: their columns, in whatever order, come first.
pg::PreparedQuery has_index(
    "SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid"
    " JOIN pg_catalog.pg_am m ON m.oid OPERATOR(pg_catalog.=) c.relam"
    " WHERE i.indrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid) AND i.indisvalid"
    " AND (m.amname OPERATOR(pg_catalog.=) 'btree' OR m.amname OPERATOR(pg_catalog.=) 'hash')"
    " AND (i.indpred IS NULL OR pg_catalog.pg_get_expr(i.indpred, i.indrelid) OPERATOR(pg_catalog.=)"
    " pg_catalog.format('(%I IS NOT NULL)', CAST($3 AS pg_catalog.text)))"
    " AND ARRAY(SELECT k.number FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k(number, place)"
    " WHERE k.place OPERATOR(pg_catalog.<=) pg_catalog.cardinality(CAST($2 AS pg_catalog.int2[])) ORDER BY k.number)"
    " OPERATOR(pg_catalog.=) ARRAY(SELECT n.number FROM pg_catalog.unnest(CAST($2 AS pg_catalog.int2[])) AS n(number)"
    " ORDER BY n.number) LIMIT 1",
    "itt");

struct Wanted {
  Table table;
  std::string name;
  std::string definition;
  pg::ForeignKey key;
};

std::string NumbersOf(std::uint32_t relation, const std::vector<std::string>& columns) {
  return *numbers_of.Run({relation, columns}).Single();
}

// The foreign keys of the table, or of a partition of it, that say the same, whatever their names are.
std::vector<Constraint> FindSame(const Wanted& wanted, const Table& table) {
  const pg::ForeignKey& key = wanted.key;
  const pg::QueryResult found = find_same.Run(
      {table.oid, key.referenced, NumbersOf(table.oid, key.columns), NumbersOf(key.referenced, key.referenced_columns),
       NumbersOf(table.oid, key.set_columns), std::string{key.on_update, key.on_delete, key.match}, key.deferrable,
       key.deferred, wanted.table.oid});
  std::vector<Constraint> same;
  same.reserve(found.rows.size());
  for (const pg::Row& row : found.rows) same.push_back(Constraint{*row[0], 'f', pg::IsTrue(row[1]), {}});
  return same;
}

std::string Add(const Wanted& wanted, const Table& table, const char* how) {
  return Alter(
      table, Format("ADD CONSTRAINT %1% FOREIGN KEY %2%%3%", pg::QuoteIdentifier(wanted.name), wanted.definition, how));
}

// The one of the name; nothing: it is to be added.
std::optional<Constraint> FindNamed(const Wanted& wanted) {
  const std::optional<Constraint> existing = FindConstraint(wanted.table, wanted.name);
  if (!existing) return std::nullopt;
  for (const Constraint& same : FindSame(wanted, wanted.table)) {
    if (same.name == existing->name) return same;
  }
  ThrowOtherConstraint(wanted.table, *existing);
}

std::string AddTo(const Wanted& wanted, const Table& leaf) {
  if (!FindSame(wanted, leaf).empty()) return {};
  if (const std::optional<Constraint> taken = FindConstraint(leaf, wanted.name)) ThrowOtherConstraint(leaf, *taken);
  return Add(wanted, leaf, "\nNOT VALID");
}

std::string ValidateOf(const Wanted& wanted, const Table& table) {
  const std::vector<Constraint> same = FindSame(wanted, table);
  if (same.empty() || same.front().validated) return {};
  return Alter(table, "VALIDATE CONSTRAINT " + pg::QuoteIdentifier(same.front().name));
}

enum class Step { kAdd, kValidate, kParent };

// A partition that has come meanwhile is caught up with by whatever phase meets it.
std::string NextOfPartitioned(const Wanted& wanted, Step upto) {
  if (FindNamed(wanted)) return {};  // never without being valid
  const std::vector<Table> leaves = TablesWithRows(wanted.table);
  for (const Table& leaf : leaves) {
    if (std::string add = AddTo(wanted, leaf); !add.empty()) return add;
  }
  if (upto == Step::kAdd) return {};
  for (const Table& leaf : leaves) {
    if (std::string validate = ValidateOf(wanted, leaf); !validate.empty()) return validate;
  }
  return upto == Step::kValidate ? std::string() : Add(wanted, wanted.table, "");
}

std::string NextOfPlain(const Wanted& wanted, Step upto) {
  const std::optional<Constraint> existing = FindNamed(wanted);
  if (!existing) return Add(wanted, wanted.table, "\nNOT VALID");
  if (upto == Step::kAdd || existing->validated) return {};
  return Alter(wanted.table, "VALIDATE CONSTRAINT " + pg::QuoteIdentifier(wanted.name));
}

// Each name with something before and behind it: "f.a IS NOT NULL AND f.b IS NOT NULL".
std::string Joined(const std::vector<std::string>& columns, const char* before, const char* behind,
                   const char* separator) {
  std::string all;
  for (const std::string& column : columns) {
    all += (all.empty() ? "" : separator) + (before + pg::QuoteIdentifier(column)) + behind;
  }
  return all;
}

void NoticeMissingIndex(const Wanted& wanted) {
  for (const Table& table : TablesWithRows(wanted.table)) {
    const std::string numbers = NumbersOf(table.oid, wanted.key.columns);
    if (has_index.Run({table.oid, numbers, wanted.key.columns.front()}).Single()) continue;
    const std::string columns = Joined(wanted.key.columns, "", "", ", ");
    pg::ReportNotice(Format("no index on %1% begins with (%2%)", table.name, columns),
                     Format("Each DELETE of a row of %1%, and each UPDATE of its key, will read the whole table.",
                            pg::QualifiedName(wanted.key.referenced)),
                     Format("SELECT safe_create_index(%1%, %2%);", pg::QuoteLiteral(wanted.table.name),
                            pg::QuoteLiteral("(" + columns + ")")));
    return;
  }
}

std::string HintOf(const Wanted& wanted) {
  std::string matches;
  for (std::size_t i = 0; i < std::min(wanted.key.columns.size(), wanted.key.referenced_columns.size()); ++i) {
    matches += Format("%1%p.%2% = f.%3%", i == 0 ? "" : " AND ", pg::QuoteIdentifier(wanted.key.referenced_columns[i]),
                      pg::QuoteIdentifier(wanted.key.columns[i]));
  }
  // A MATCH FULL key is wrong when it is NULL in part, too.
  const char* either = wanted.key.match == 'f' ? " OR " : " AND ";
  const std::string given = Joined(wanted.key.columns, "f.", " IS NOT NULL", either);
  return Format(
      "New rows are checked already. Find the old ones with SELECT * FROM %1% AS f WHERE (%2%) AND NOT EXISTS (SELECT "
      "FROM %3% AS p WHERE %4%), correct or delete them, then call it again: it goes on here. To give up: ALTER TABLE "
      "%5% DROP CONSTRAINT %6%.",
      wanted.table.name, given, pg::QualifiedName(wanted.key.referenced), matches,
      wanted.table.partitioned ? "(each of its partitions)" : wanted.table.name, pg::QuoteIdentifier(wanted.name));
}

}  // namespace

std::string ForeignKeyName(const Table& table, const std::string& definition) {
  std::string columns;
  for (const std::string& column : pg::ReadForeignKey(definition).columns) {
    columns += (columns.empty() ? "" : "_") + column;
  }
  return pg::MakeObjectName(table.last_name, columns, "fkey");
}

void AppendForeignKey(engine::PhasedOperation& operation, const Table& table, const std::string& name,
                      const std::string& definition) {
  Wanted wanted = {table, name, definition, pg::ReadForeignKey(definition)};
  if (wanted.key.referenced_columns.empty()) {
    wanted.key.referenced_columns = primary_key.Run({wanted.key.referenced}).Column();
  }
  const auto next = table.partitioned ? NextOfPartitioned : NextOfPlain;
  const std::string quoted = pg::QuoteIdentifier(name);
  const std::string add = Format("add FOREIGN KEY %1% NOT VALID", quoted);
  auto added = std::make_shared<bool>(false);
  operation.phases.push_back(Statements(table.partitioned ? add + " to each partition" : add, [=]() -> std::string {
    std::string statement = next(wanted, Step::kAdd);
    if (statement.empty() && std::exchange(*added, false)) NoticeMissingIndex(wanted);
    if (!statement.empty()) *added = true;
    return statement;
  }));
  engine::Phase validate = Statements(Format("validate %1%", quoted), [=] { return next(wanted, Step::kValidate); });
  validate.hint = HintOf(wanted);
  operation.phases.push_back(std::move(validate));
  if (!table.partitioned) return;
  engine::Phase parent =
      Statements(Format("add FOREIGN KEY %1% to %2%", quoted, table.name), [=] { return next(wanted, Step::kParent); });
  parent.hint = HintOf(wanted);
  operation.phases.push_back(std::move(parent));
}

}  // namespace headway::operations
