// safe_change_column_type(): a new column is filled beside the old one, kept the same by a trigger, given the same
// indexes and constraints, and takes its place in one short transaction.
#include "core/error.hpp"
#include "core/format.hpp"
#include "core/revision.hpp"
#include "core/sqlstate.hpp"
#include "operations/blocks.hpp"
#include "operations/column_dependents.hpp"
#include "operations/column_swap.hpp"
#include "pg/check_expression.hpp"
#include "pg/column_reference.hpp"
#include "pg/index_definition.hpp"
#include "pg/spi.hpp"
#include "pg/table_shape.hpp"
#include "pg/text.hpp"
#include "pg/type_change.hpp"

namespace headway::operations {

namespace {

using core::Error;
using core::Format;
using engine::Phase;
using engine::PhasedOperation;
using engine::PhaseWork;
using pg::QuoteIdentifier;
namespace sqlstate = core::sqlstate;

constexpr char kFilled[] = "filled by safe_change_column_type()";

struct Change {
  Table table;
  ColumnId column;
  std::string type_text;  // as given
  pg::TypeChange type;
  std::optional<std::string> conversion;  // an expression, when the server's own assignment is not wanted
  std::string new_name;                   // of the column until the swap
  std::string old_name;                   // of the other one after it
  std::string trigger;
  std::string function;

  std::string quoted() const { return QuoteIdentifier(column.name); }
};

pg::PreparedQuery find_sync_body(
    "SELECT p.prosrc FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid"
    " WHERE t.tgrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND t.tgname OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.name)",
    "it");

pg::PreparedQuery find_search_path(
    "SELECT pg_catalog.string_agg(pg_catalog.quote_ident(CAST(s.name AS pg_catalog.text)), ', ' ORDER BY s.place)"
    " FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS s (name, place)",
    "");

// Indexes of the table that the swap has put aside.
pg::PreparedQuery find_old_indexes(
    "SELECT pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||)"
    " pg_catalog.quote_ident(r.relname) FROM pg_catalog.pg_index i"
    " JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) i.indexrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace"
    " WHERE i.indrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND r.relname OPERATOR(pg_catalog.~) '^headway_old_[0-9]+$' ORDER BY r.relname",
    "i");

std::int64_t TableOf(const Change& change) { return static_cast<std::int64_t>(change.table.oid); }

std::optional<ColumnId> FindNew(const Change& change) {
  const std::optional<Column> column = FindColumn(change.table, change.new_name);
  if (!column) return std::nullopt;
  return ColumnId{change.table.oid, column->number, column->name};
}

[[noreturn]] void Refuse(const Change& change, const std::string& detail, const std::string& way = {}) {
  const std::string plain = Format(
      "ALTER TABLE ... ALTER %1% TYPE %2% in a revision, when the table may be shut for as "
      "long as it takes to write it anew.",
      change.quoted(), change.type_text);
  throw Error(
      sqlstate::kFeatureNotSupported,
      Format("the type of column \"%1%\" of %2% cannot be changed in phases", change.column.name, change.table.name),
      detail, way.empty() ? "Run " + plain : way + " Or run " + plain);
}

// It sees the row as the expression of the backfill does: by the names of the columns and of the table.
std::string SyncBody(const Change& change) {
  const std::string fresh = QuoteIdentifier(change.new_name);
  std::string body = "\n#variable_conflict use_column\nBEGIN\n";
  if (change.conversion) {
    body += Format("  SELECT (\n%1%\n) INTO NEW.%2% FROM (SELECT NEW.*) AS %3%;\n", *change.conversion, fresh,
                   QuoteIdentifier(change.table.last_name));
  } else {
    body += Format("  NEW.%1% := NEW.%2%;\n", fresh, change.quoted());
  }
  return body + "  RETURN NEW;\nEND\n";
}

// What is half done goes on as it was begun.
void RequireSameAsBegun(const Change& change) {
  const std::optional<Column> begun = FindColumn(change.table, change.new_name);
  if (!begun) return;
  std::string other;
  if (begun->type != change.type.type) other = Format("It was to be of type %1%.", begun->type);
  const pg::Field body = find_sync_body.Run({TableOf(change), change.trigger}).Single();
  if (other.empty() && body && *body != SyncBody(change)) other = "Its values were to be converted in another way.";
  if (other.empty()) return;
  throw Error(
      sqlstate::kObjectNotInPrerequisiteState,
      Format("an earlier call has begun to change column \"%1%\" of %2% to something else", change.column.name,
             change.table.name),
      other,
      Format("Call it again as then; or give that up: DROP TRIGGER IF EXISTS %1% ON %2%; DROP FUNCTION IF "
             "EXISTS %3%(); ALTER TABLE %2% DROP COLUMN %4%.",
             QuoteIdentifier(change.trigger), change.table.name, change.function, QuoteIdentifier(change.new_name)));
}

// What could never work is said before anything is done.
void RequireChangeable(const Change& change) {
  if (change.table.partitioned || pg::DescribeTable(change.table.oid).has_children) {
    Refuse(change, "The table has partitions or children.");
  }
  if (DescribeColumn(change.column).generated) {
    Refuse(change, "It is a generated column.", "Add a generated column of the new type, and drop the old one.");
  }
  for (const DependentIndex& index : DependentIndexes(change.column)) {
    if (!index.replica_identity) continue;
    Refuse(change, Format("It is part of the table's replica identity, by index \"%1%\".", index.name),
           "Give the table another replica identity meanwhile: ALTER TABLE ... REPLICA IDENTITY FULL.");
  }
  const std::vector<std::string> obstacles = Obstacles(change.column);
  if (!obstacles.empty()) {
    Refuse(change, Format("It is used by: %1%.", core::JoinNames(obstacles)),
           "Drop them first and make them again afterwards.");
  }
  if (!change.type.castable && !change.conversion) {
    throw Error(sqlstate::kDatatypeMismatch,
                Format("column \"%1%\" cannot be cast automatically to type %2%", change.column.name, change.type.type),
                {},
                Format("Say how: using_expression => '%1%::%2%', for instance.", change.quoted(), change.type.type));
  }
  RequireSameAsBegun(change);
}

Phase AddColumn(const Change& change) {
  return Statements(
      Format("add column %1% %2%", QuoteIdentifier(change.new_name), change.type.type), [=]() -> std::string {
        if (FindNew(change)) return {};
        return Alter(change.table, Format("ADD COLUMN %1% %2%", QuoteIdentifier(change.new_name), change.type_text));
      });
}

std::string DropSync(const Change& change) {
  return Format("DROP TRIGGER IF EXISTS %1% ON %2%;\nDROP FUNCTION IF EXISTS %3%()", QuoteIdentifier(change.trigger),
                pg::QualifiedName(change.table.oid), change.function);
}

// When it cannot be done, nobody is to notice that it was tried.
void LeaveNothing(const Change& change, Phase& phase) {
  phase.give_up = [=, title = phase.title]() -> std::optional<PhaseWork> {
    if (!FindNew(change)) return std::nullopt;
    return AsWork(DropSync(change) + ";\n" + Alter(change.table, "DROP COLUMN " + QuoteIdentifier(change.new_name)),
                  title);
  };
  phase.hint =
      "Nothing of it is left, and writes go on as before. Correct what is in the way, or say how to convert the values "
      "with using_expression; then call it again.";
}

// Its search_path is ours: whoever writes to the table has another one.
std::string SyncFunction(const Change& change) {
  const std::string path = find_search_path.Run().Single().value_or("");
  return Format("CREATE OR REPLACE FUNCTION %1%() RETURNS trigger LANGUAGE plpgsql SET search_path = %2% AS %3%",
                change.function, path.empty() ? "pg_catalog, pg_temp" : path + ", pg_temp",
                pg::QuoteLiteral(SyncBody(change)));
}

std::string IndexStatement(const Change& change, const DependentIndex& index) {
  const std::string kind = index.unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ";
  const std::string head = kind + QuoteIdentifier(index.name) + " ON ";
  return pg::ReplaceColumn(
      kind + "CONCURRENTLY " + QuoteIdentifier(NewName(index.oid)) + " ON " + index.definition.substr(head.size()),
      change.column.name, change.new_name);
}

std::string AddStatement(const DependentConstraint& constraint) {
  return Alter(constraint.table, Format("ADD CONSTRAINT %1% %2% NOT VALID", QuoteIdentifier(NewName(constraint.oid)),
                                        constraint.definition));
}

// The CHECKs of the column as those of the new one.
std::vector<DependentConstraint> NewChecks(const Change& change) {
  constexpr std::string_view kBefore = "ALTER TABLE t ADD ";
  constexpr std::string_view kNotValid = " NOT VALID";
  std::vector<DependentConstraint> checks = DependentChecks(change.column);
  for (DependentConstraint& check : checks) {
    std::string& text = check.definition;
    const std::size_t suffix = text.rfind(kNotValid);
    if (suffix != std::string::npos && suffix + kNotValid.size() == text.size()) text.resize(suffix);
    std::string whole(kBefore);
    whole += text;
    text = pg::ReplaceColumn(whole, change.column.name, change.new_name).substr(kBefore.size());
  }
  return checks;
}

// What would come up only after hours of filling comes up before it. The new column is there.
void RequireAllToFit(const Change& change) {
  const std::optional<std::string> standard = DescribeColumn(change.column).default_expression;
  if (standard) {
    pg::RequireAnalyzable(Format("UPDATE %1% SET %2% = %3%", pg::QualifiedName(change.table.oid),
                                 QuoteIdentifier(change.new_name), *standard));
  }
  for (const DependentIndex& index : DependentIndexes(change.column)) {
    pg::RequireIndexable(IndexStatement(change, index));
  }
  for (const DependentConstraint& check : NewChecks(change)) pg::RequireCheckable(AddStatement(check));
}

// Its name sorts behind all others: it sees what other triggers have made of the row. ALWAYS: on a subscriber as well.
Phase KeepTheSame(const Change& change) {
  const std::string trigger = QuoteIdentifier(change.trigger);
  Phase phase = Statements(
      Format("keep %1% the same by trigger %2%", QuoteIdentifier(change.new_name), trigger), [=]() -> std::string {
        if (!find_sync_body.Run({TableOf(change), change.trigger}).rows.empty()) return {};
        RequireAllToFit(change);
        const std::string table = pg::QualifiedName(change.table.oid);
        return SyncFunction(change) +
               Format(
                   ";\nCREATE TRIGGER %1% BEFORE INSERT OR UPDATE ON %2% FOR EACH ROW EXECUTE FUNCTION "
                   "%3%();\nALTER TABLE %2% ENABLE ALWAYS TRIGGER %1%",
                   trigger, table, change.function);
      });
  LeaveNothing(change, phase);
  return phase;
}

// The value that a row is to have, as an expression over the old column.
std::string ValueOf(const Change& change) {
  return change.conversion ? "(\n" + *change.conversion + "\n)" : change.quoted();
}

// Rows that do not have it yet.
std::string UnfilledCondition(const Change& change) {
  return QuoteIdentifier(change.new_name) + " IS NULL AND " + ValueOf(change) + " IS NOT NULL";
}

bool IsFilled(const Change& change) {
  const std::optional<ColumnId> fresh = FindNew(change);
  return fresh && DescribeColumn(*fresh).comment == kFilled;
}

Phase Fill(const OperationCall& call, const Change& change) {
  Phase phase;
  phase.title = Format("fill %1%", QuoteIdentifier(change.new_name));
  phase.next = [=, backfill = call.backfill]() -> std::optional<PhaseWork> {
    if (IsFilled(change)) return std::nullopt;
    // By its number the column is another one when it has been dropped and added again: then all is to be filled anew.
    const std::string job = Format("safe_change_column_type of %1%.%2% (column %3%)", change.table.name,
                                   change.quoted(), RequireColumn(change.table, change.new_name).number);
    return std::function<void()>([=] {
      backfill(change.table.oid, QuoteIdentifier(change.new_name) + " = " + ValueOf(change), UnfilledCondition(change),
               job);
    });
  };
  // A value that cannot be converted: as long as the trigger is there, nobody could write that row.
  LeaveNothing(change, phase);
  return phase;
}

// What a later call knows it by.
Phase NoteFilled(const Change& change) {
  return Statements("note that it is filled", [=]() -> std::string {
    if (IsFilled(change)) return {};
    return Format("COMMENT ON COLUMN %1%.%2% IS %3%", pg::QualifiedName(change.table.oid),
                  QuoteIdentifier(change.new_name), pg::QuoteLiteral(kFilled));
  });
}

Phase BuildIndexes(const Change& change) {
  return Statements("build its indexes anew, concurrently", [=]() -> std::string {
    for (const DependentIndex& index : DependentIndexes(change.column)) {
      if (!IsValidIndex(index.schema, NewName(index.oid))) return IndexStatement(change, index);
    }
    return {};
  });
}

// The first that is missing, or is to be validated as the old one is.
std::string NextConstraint(const std::vector<DependentConstraint>& constraints) {
  for (const DependentConstraint& constraint : constraints) {
    const std::string name = NewName(constraint.oid);
    const std::optional<Constraint> made = FindConstraint(constraint.table, name);
    if (!made) return AddStatement(constraint);
    if (constraint.validated && !made->validated) {
      return Alter(constraint.table, "VALIDATE CONSTRAINT " + QuoteIdentifier(name));
    }
  }
  return {};
}

Phase AddChecks(const Change& change) {
  return Statements("add its CHECKs NOT VALID, and validate them", [=] { return NextConstraint(NewChecks(change)); });
}

Phase AddForeignKeys(const Change& change) {
  return Statements("add its foreign keys NOT VALID, and validate them",
                    [=] { return NextConstraint(DependentForeignKeys(change.column, change.new_name)); });
}

// The old values go, now or later: it is looked at every row whether it has its new one. Nothing is filtered here, by
// row security least of all: it is off, and an error where a policy would hide rows.
Phase Prove(const Change& change) {
  Phase phase;
  phase.title = Format("prove that every row of %1% has its new value", change.table.name);
  phase.next = [=]() -> std::optional<PhaseWork> {
    if (!FindNew(change)) return std::nullopt;
    const std::string left =
        "SELECT 1 FROM " + pg::QualifiedName(change.table.oid) + " WHERE " + UnfilledCondition(change) + " LIMIT 1";
    if (!pg::RunQuery(left).Single()) return std::nullopt;
    throw Error(sqlstate::kBackfillNotExact,
                Format("rows of %1% have no value in %2%", change.table.name, QuoteIdentifier(change.new_name)),
                Format("They have one in %1%. Something keeps trigger %2% from filling it, or has changed it since.",
                       change.quoted(), QuoteIdentifier(change.trigger)),
                Format("Nothing is lost. Fill them: COMMENT ON COLUMN %1%.%2% IS NULL, then call it again.",
                       change.table.name, QuoteIdentifier(change.new_name)));
  };
  return phase;
}

Phase Swap(const Change& change) {
  return Statements(Format("put it in the place of %1%", change.quoted()), [=]() -> std::string {
    const std::optional<ColumnId> fresh = FindNew(change);
    if (!fresh) return {};
    return SwapStatements({change.table, change.column, *fresh, change.old_name, change.type.type, DropSync(change)});
  });
}

Phase DropOldIndexes(const Change& change) {
  return Statements("drop the old indexes, concurrently", [=]() -> std::string {
    const pg::Field index = find_old_indexes.Run({TableOf(change)}).Single();
    return index ? "DROP INDEX CONCURRENTLY " + *index : std::string();
  });
}

Phase DropOldColumn(const Change& change) {
  const std::string old_column = QuoteIdentifier(change.old_name);
  return Statements(Format("drop the old column %1%", old_column), [=]() -> std::string {
    return FindColumn(change.table, change.old_name) ? Alter(change.table, "DROP COLUMN " + old_column) : std::string();
  });
}

Change ReadCall(const OperationCall& call) {
  Change change;
  change.table = RequireTable(call.Relation(0, "relation"));
  change.column = RequireColumnId(change.table, call.Text(1, "column_name"));
  change.type_text = call.Text(2, "new_type");
  change.type = pg::DescribeTypeChange(change.table.oid, change.column.name, change.type_text);
  change.conversion = call.Optional(3);
  if (change.conversion) pg::RequireExpression(*change.conversion, "using_expression");
  const std::string& name = change.column.name;
  change.new_name = pg::MakeObjectName("headway_new", name, {});
  change.old_name = pg::MakeObjectName("headway_old", name, {});
  change.trigger = pg::MakeObjectName("~headway_sync", name, {});
  change.function =
      pg::QualifiedSibling(change.table.oid, Format("headway_sync_%1%_%2%", change.table.oid, change.column.number));
  return change;
}

void AppendLongWay(const OperationCall& call, const Change& change, PhasedOperation& operation) {
  RequireChangeable(change);
  operation.phases.push_back(AddColumn(change));
  operation.phases.push_back(KeepTheSame(change));
  operation.phases.push_back(Fill(call, change));
  operation.phases.push_back(NoteFilled(change));
  if (DescribeColumn(change.column).not_null) {
    AppendNotNull(operation, call, change.table, change.new_name, std::nullopt);
  }
  operation.phases.push_back(BuildIndexes(change));
  operation.phases.push_back(AddChecks(change));
  operation.phases.push_back(AddForeignKeys(change));
  operation.phases.push_back(Prove(change));
  operation.phases.push_back(Swap(change));
}

}  // namespace

PhasedOperation ChangeColumnType(const OperationCall& call) {
  const Change change = ReadCall(call);
  PhasedOperation operation;
  operation.name = Format("safe_change_column_type of %1%.%2%", change.table.name, change.quoted());
  operation.table = change.table.name;
  const bool begun = FindNew(change).has_value();
  const bool long_way = change.type.rewrites || change.conversion || !DependentChecks(change.column).empty();
  if (begun || (!change.type.same && long_way)) {
    AppendLongWay(call, change, operation);
  } else if (!change.type.same) {
    operation.phases.push_back(Statements(Format("change %1% to %2%", change.quoted(), change.type.type), [=]() {
      const bool same = pg::DescribeTypeChange(change.table.oid, change.column.name, change.type_text).same;
      return same ? std::string()
                  : Alter(change.table, Format("ALTER %1% TYPE %2%", change.quoted(), change.type_text));
    }));
    return operation;
  }
  operation.phases.push_back(DropOldIndexes(change));
  if (call.Boolean(4)) {
    operation.phases.push_back(DropOldColumn(change));
  } else if (long_way || FindColumn(change.table, change.old_name)) {
    operation.remains =
        Format("the old values are in column %1% of %2%", QuoteIdentifier(change.old_name), change.table.name);
    operation.remains_hint = "When nobody misses them, call it again with drop_old => true.";
  }
  return operation;
}

}  // namespace headway::operations
