// safe_add_column(): what the server does at once is done at once, and all else in phases of its own: filling, NOT
// NULL, CHECK, REFERENCES.
#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "operations/common_phases.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/catalog/table_shape.hpp"
#include "pg/parse/analysis.hpp"
#include "pg/parse/column_definition.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::operations {

namespace {

using core::Error;
using core::Format;
using pg::ColumnDefinition;
using pg::ColumnObstacle;
namespace sqlstate = core::sqlstate;

constexpr char kWritesAnew[] = "The whole table would be rewritten while nobody can read or write it.";
constexpr char kBuildsIndex[] = "Its index would be built while nobody can read or write the table.";

[[noreturn]] void Refuse(const Table& table, const ColumnDefinition& column, const char* what, const char* why,
                         const std::string& instead) {
  throw Error(sqlstate::kFeatureNotSupported,
              Format("column \"%1%\" cannot be added to %2% %3%", column.name, table.name, what), why, instead);
}

// A sequence of one's own, and its value as a default: the rows that are there get theirs batch by batch.
std::string SequenceHint(const Table& table, const ColumnDefinition& column) {
  const std::string quoted = pg::QuoteIdentifier(column.name);
  // In the table's schema, or it could not be owned by the column.
  const std::string sequence = pg::QualifiedSibling(table.oid, pg::MakeObjectName(table.last_name, column.name, "seq"));
  const std::string definition = Format("%1% bigint NOT NULL DEFAULT nextval(%2%)", quoted, pg::QuoteLiteral(sequence));
  return Format("CREATE SEQUENCE %1%; SELECT safe_add_column(%2%, %3%); ALTER SEQUENCE %1% OWNED BY %4%.%5%;", sequence,
                pg::QuoteLiteral(table.name), pg::QuoteLiteral(definition), table.name, quoted);
}

void RequireNoObstacle(const Table& table, const ColumnDefinition& column) {
  switch (column.obstacle) {
    case ColumnObstacle::kNone:
      return;
    case ColumnObstacle::kUnique:
      Refuse(table, column, "as UNIQUE", kBuildsIndex,
             "Add the column without it; then make it unique with safe_add_unique().");
    case ColumnObstacle::kPrimaryKey:
      Refuse(table, column, "as PRIMARY KEY", kBuildsIndex,
             "Add the column as NOT NULL; then make it the key with safe_add_primary_key().");
    case ColumnObstacle::kSerial:
      Refuse(table, column, "as serial", kWritesAnew, SequenceHint(table, column));
    case ColumnObstacle::kIdentity:
      Refuse(table, column, "as an identity column", kWritesAnew, SequenceHint(table, column));
    case ColumnObstacle::kGenerated:
      Refuse(table, column, "as a generated column", kWritesAnew,
             "Add a plain column, let a trigger keep it up to date, and fill the old rows with safe_backfill().");
    case ColumnObstacle::kDomain:
      Refuse(table, column, "with a domain that has constraints or a volatile default", kWritesAnew,
             "Give the column the domain's base type, and what the domain demands as DEFAULT, NOT NULL and CHECK.");
    case ColumnObstacle::kNoInherit:
      Refuse(table, column, "with CHECK ... NO INHERIT", "It would be checked by reading the whole table at once.",
             "Add the column without it; then ALTER TABLE ... ADD CHECK ... NO INHERIT NOT VALID, and VALIDATE it.");
  }
}

std::string ValueHint(const Table& table, const ColumnDefinition& column) {
  return Format(
      "Give a DEFAULT; or add the column without NOT NULL, then SELECT safe_set_not_null(%1%, %2%, '...') "
      "with an expression for the rows that are there.",
      pg::QuoteLiteral(table.name), pg::QuoteLiteral(column.name));
}

// What can be known before anything is done: that there are rows for which NOT NULL has no value, and names and types
// in a CHECK that there are none of.
void RequireAddable(const Table& table, const ColumnDefinition& column) {
  if (column.not_null && column.default_is_null &&
      !pg::RunQuery(Format("SELECT 1 FROM %1% LIMIT 1", table.name)).rows.empty()) {
    throw Error(sqlstate::kNotNullViolation,
                Format("column \"%1%\" would be NULL in the rows of %2%", column.name, table.name),
                "It is to be NOT NULL, and there is no DEFAULT.", ValueHint(table, column));
  }
  for (const pg::ColumnConstraint& check : column.checks) {
    pg::RequireAnalyzable(Format("SELECT FROM (SELECT *, CAST(NULL AS %1%) AS %2% FROM %3%) AS %4% WHERE (\n%5%\n)",
                                 column.cast_type, pg::QuoteIdentifier(column.name), table.name,
                                 pg::QuoteIdentifier(table.last_name), check.text));
  }
}

// A CHECK that is always true and goes with the column: as long as it is there, the old rows are not filled. Nothing
// else could tell a NULL that is to be filled from one that has been written since.
std::string MarkerName(const ColumnDefinition& column) {
  return pg::MakeHelperName("headway", column.name, "unfilled");
}

bool IsMarked(const Table& table, const ColumnDefinition& column) {
  const std::optional<Constraint> marker = FindConstraint(table, MarkerName(column));
  return marker && marker->kind == 'c' && !marker->validated;
}

std::string AddStatement(const Table& table, const ColumnDefinition& column) {
  const std::string quoted = pg::QuoteIdentifier(column.name);
  std::string text = Alter(table, Format("ADD COLUMN %1% %2%", quoted, column.type));
  if (column.default_is_volatile) {
    text += Format("\n, ALTER COLUMN %1% SET DEFAULT (\n%2%\n)", quoted, column.default_value);
    return text + Format(", ADD CONSTRAINT %1% CHECK (%2% IS NULL OR %2% IS NOT NULL) NOT VALID",
                         pg::QuoteIdentifier(MarkerName(column)), quoted);
  }
  if (!column.default_value.empty()) text += "\nDEFAULT (\n" + column.default_value + "\n)";
  if (column.not_null) text += "\nNOT NULL";
  return text;
}

void RequireMatch(const Table& table, const ColumnDefinition& column, const pg::ColumnMatch& match) {
  std::string other;
  if (!match.type) {
    other = Format("It is of type %1%.", RequireColumn(table, column.name).type);
  } else if (!match.collation) {
    other = "It has another collation.";
  } else if (match.computed) {
    other = "It is an identity column, or a generated one.";
  } else if (!match.default_value && !column.default_is_null) {
    other = "It has another DEFAULT, or none.";
  } else {
    return;
  }
  throw Error(
      sqlstate::kDuplicateColumn,
      Format("column \"%1%\" of %2% already exists and is not the one that is asked for", column.name, table.name),
      other, "Ask for another name, or for the column that there is.");
}

engine::Phase Add(const Table& table, const ColumnDefinition& column, const std::string& definition) {
  engine::Phase add =
      Statements(Format("add column %1%.%2%", table.name, pg::QuoteIdentifier(column.name)), [=]() -> std::string {
        const std::optional<pg::ColumnMatch> match = pg::MatchColumn(table.oid, definition);
        if (!match) return AddStatement(table, column);
        RequireMatch(table, column, *match);
        return {};
      });
  add.hint = ValueHint(table, column);
  return add;
}

engine::Phase FillMarked(const OperationCall& call, const Table& table, const ColumnDefinition& column) {
  return Fill(call, table, column.name,
              [=]() -> std::string { return IsMarked(table, column) ? SetDefault(column.name) : std::string(); });
}

engine::Phase DropMark(const Table& table, const ColumnDefinition& column) {
  const std::string marker = pg::QuoteIdentifier(MarkerName(column));
  return Statements(Format("drop the mark %1%", marker), [=] {
    return IsMarked(table, column) ? Alter(table, "DROP CONSTRAINT " + marker) : std::string();
  });
}

void AppendConstraints(engine::PhasedOperation& operation, const Table& table, const ColumnDefinition& column) {
  int unnamed = 0;
  for (const pg::ColumnConstraint& check : column.checks) {
    std::string name = check.name;
    if (name.empty()) {  // numbered as the server numbers them
      const std::string label = unnamed == 0 ? "check" : Format("check%1%", unnamed);
      name = pg::MakeObjectName(table.last_name, column.name, label);
      ++unnamed;
    }
    AppendCheck(operation, table, name, check.text);
  }
  for (const pg::ColumnConstraint& reference : column.references) {
    const std::string definition = Format("(%1%) REFERENCES %2%", pg::QuoteIdentifier(column.name), reference.text);
    AppendForeignKey(operation, table, reference.name.empty() ? ForeignKeyName(table, definition) : reference.name,
                     definition);
  }
}

}  // namespace

engine::PhasedOperation AddColumn(const OperationCall& call) {
  const Table table = RequireTable(call.Relation(0, "relation"));
  const std::string definition = call.Text(1, "definition");
  const ColumnDefinition column = pg::ReadColumn(definition);
  RequireNoObstacle(table, column);
  const std::optional<Column> existing = FindColumn(table, column.name);
  if (!existing) RequireAddable(table, column);

  engine::PhasedOperation operation;
  operation.name = Format("safe_add_column of %1%.%2%", table.name, pg::QuoteIdentifier(column.name));
  operation.table = table.name;
  operation.phases.push_back(Add(table, column, definition));
  const bool to_fill = column.default_is_volatile;
  // Without filling it is NOT NULL from the beginning, unless somebody else has added it.
  if (column.not_null && (to_fill || (existing && !existing->not_null))) {
    std::optional<std::string> fill;
    if (!column.default_is_null) fill = SetDefault(column.name);
    AppendNotNull(operation, call, table, column.name, fill);
  } else if (to_fill) {
    operation.phases.push_back(FillMarked(call, table, column));
  }
  if (to_fill) operation.phases.push_back(DropMark(table, column));
  AppendConstraints(operation, table, column);
  return operation;
}

}  // namespace headway::operations
