#include "operations/column_swap.hpp"

#include <algorithm>

#include "core/format.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/text.hpp"

namespace headway::operations {

namespace {

using core::Format;
using pg::QuoteIdentifier;

// Statements, one after the other.
class Script {
 public:
  void Add(const std::string& statement) { text_ += statement + ";\n"; }
  void Alter(const Table& table, const std::string& what) {
    Add(Format("ALTER TABLE %1% %2%", pg::QualifiedName(table.oid), what));
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string Qualified(const std::string& schema, const std::string& name) {
  return QuoteIdentifier(schema) + "." + QuoteIdentifier(name);
}

void SwapConstraint(const DependentConstraint& constraint, Script& script) {
  const std::string name = QuoteIdentifier(constraint.name);
  script.Alter(constraint.table, Format("DROP CONSTRAINT %1%", name));
  script.Alter(constraint.table,
               Format("RENAME CONSTRAINT %1% TO %2%", QuoteIdentifier(NewName(constraint.oid)), name));
}

// A constraint takes its index along. The others go by themselves later.
void SwapIndex(const Table& table, const DependentIndex& index, Script& script) {
  const std::string fresh = NewName(index.oid);
  if (!index.constraint.empty()) {
    const std::string name = QuoteIdentifier(index.constraint);
    script.Alter(table, Format("DROP CONSTRAINT %1%", name));
    script.Add(Format("ALTER INDEX %1% RENAME TO %2%", Qualified(index.schema, fresh), name));
    script.Alter(table, Format("ADD CONSTRAINT %1% %2% USING INDEX %1%%3%", name, index.key, index.deferral));
  } else {
    script.Add(Format("ALTER INDEX %1% RENAME TO %2%", Qualified(index.schema, index.name),
                      QuoteIdentifier(OldName(index.oid))));
    script.Add(Format("ALTER INDEX %1% RENAME TO %2%", Qualified(index.schema, fresh), QuoteIdentifier(index.name)));
  }
  if (index.clustered) script.Alter(table, Format("CLUSTER ON %1%", QuoteIdentifier(index.name)));
}

bool IsInteger(const std::string& type) { return type == "smallint" || type == "integer" || type == "bigint"; }

// The sequence goes on where it is; that of an identity column belongs to the column and has to be made again.
void SwapIdentity(const ColumnSwap& swap, const OwnedSequence& sequence, char identity, Script& script) {
  const std::string column = QuoteIdentifier(swap.column.name);
  const std::string old_sequence = pg::MakeObjectName(swap.old_name, {}, "seq");
  script.Add(Format("ALTER SEQUENCE %1% RENAME TO %2%", Qualified(sequence.schema, sequence.name),
                    QuoteIdentifier(old_sequence)));
  const bool same_range = !IsInteger(swap.new_type) || sequence.type == swap.new_type;
  const std::string range =
      same_range ? Format(" MINVALUE %1% MAXVALUE %2%", sequence.minimum, sequence.maximum) : std::string();
  script.Alter(swap.table,
               Format("ALTER %1% ADD GENERATED %2% AS IDENTITY (SEQUENCE NAME %3% START WITH %4% INCREMENT BY %5%%6% "
                      "CACHE %7%%8%)",
                      column, identity == 'a' ? "ALWAYS" : "BY DEFAULT", Qualified(sequence.schema, sequence.name),
                      sequence.start, sequence.increment, range, sequence.cache, sequence.cycles ? " CYCLE" : ""));
  script.Add(Format("SELECT pg_catalog.setval(%1%, last_value, is_called) FROM %2%",
                    pg::QuoteLiteral(Qualified(sequence.schema, sequence.name)),
                    Qualified(sequence.schema, old_sequence)));
  script.Alter(swap.table, Format("ALTER %1% DROP IDENTITY", QuoteIdentifier(swap.old_name)));
}

void SwapSequence(const ColumnSwap& swap, const OwnedSequence& sequence, Script& script) {
  const std::string name = Qualified(sequence.schema, sequence.name);
  if (IsInteger(swap.new_type) && IsInteger(sequence.type) && sequence.type != swap.new_type) {
    script.Add(Format("ALTER SEQUENCE %1% AS %2%", name, swap.new_type));
  }
  script.Add(Format("ALTER SEQUENCE %1% OWNED BY %2%.%3%", name, pg::QualifiedName(swap.table.oid),
                    QuoteIdentifier(swap.column.name)));
}

// The constraint of the new column takes over the name of the old one's.
void SwapNotNull(const ColumnSwap& swap, const ColumnDetails& details, Script& script) {
  script.Alter(swap.table, Format("ALTER %1% DROP NOT NULL", QuoteIdentifier(swap.old_name)));
  const std::optional<Constraint> made = FindNotNull(swap.table, swap.replacement.name);
  if (details.not_null_name.empty() || !made) return;
  const std::string name = QuoteIdentifier(details.not_null_name);
  if (made->name != details.not_null_name) {
    script.Alter(swap.table, Format("RENAME CONSTRAINT %1% TO %2%", QuoteIdentifier(made->name), name));
  }
  if (details.not_null_comment) {
    script.Add(Format("COMMENT ON CONSTRAINT %1% ON %2% IS %3%", name, pg::QualifiedName(swap.table.oid),
                      pg::QuoteLiteral(*details.not_null_comment)));
  }
}

// What a column has besides: from here on the names are those of afterwards.
void SwapDetails(const ColumnSwap& swap, const ColumnDetails& details, Script& script) {
  const std::string column = QuoteIdentifier(swap.column.name);
  const std::string old_column = QuoteIdentifier(swap.old_name);
  const std::optional<OwnedSequence> sequence = FindOwnedSequence(swap.column);
  if (details.identity != '\0' && sequence) {
    SwapIdentity(swap, *sequence, details.identity, script);
  } else if (sequence) {
    SwapSequence(swap, *sequence, script);
  }
  if (details.default_expression) {
    script.Alter(swap.table, Format("ALTER %1% DROP DEFAULT, ALTER %2% SET DEFAULT %3%", old_column, column,
                                    *details.default_expression));
  }
  if (details.not_null) SwapNotNull(swap, details, script);
  script.Add(Format("COMMENT ON COLUMN %1%.%2% IS %3%", pg::QualifiedName(swap.table.oid), column,
                    details.comment ? pg::QuoteLiteral(*details.comment) : "NULL"));
  if (details.statistics) {
    script.Alter(swap.table, Format("ALTER %1% SET STATISTICS %2%", column, *details.statistics));
  }
  for (const std::string& grant : Grants(swap.column)) script.Add(grant);
}

}  // namespace

std::string NewName(const std::string& oid) { return "headway_new_" + oid; }

std::string OldName(const std::string& oid) { return "headway_old_" + oid; }

std::string LockForSwap(const ColumnId& column) {
  std::vector<std::uint32_t> tables = {column.table};
  for (const DependentConstraint& key : DependentForeignKeys(column, column.name)) tables.push_back(key.table.oid);
  std::sort(tables.begin(), tables.end());
  tables.erase(std::unique(tables.begin(), tables.end()), tables.end());
  std::string names;
  for (const std::uint32_t table : tables) names += (names.empty() ? "" : ", ") + pg::QualifiedName(table);
  return Format("LOCK TABLE %1% IN ACCESS EXCLUSIVE MODE", names);
}

std::string SwapStatements(const ColumnSwap& swap) {
  Script script;
  const std::vector<DependentConstraint> foreign_keys = DependentForeignKeys(swap.column, swap.replacement.name);
  script.Add(swap.drop_sync);
  for (const DependentConstraint& key : foreign_keys) SwapConstraint(key, script);
  for (const DependentConstraint& check : DependentChecks(swap.column)) SwapConstraint(check, script);
  for (const DependentIndex& index : DependentIndexes(swap.column)) SwapIndex(swap.table, index, script);
  script.Alter(swap.table,
               Format("RENAME %1% TO %2%", QuoteIdentifier(swap.column.name), QuoteIdentifier(swap.old_name)));
  script.Alter(swap.table,
               Format("RENAME %1% TO %2%", QuoteIdentifier(swap.replacement.name), QuoteIdentifier(swap.column.name)));
  SwapDetails(swap, DescribeColumn(swap.column), script);
  return swap.before + script.text() + swap.after;
}

}  // namespace headway::operations
