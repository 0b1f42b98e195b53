// safe_change_column_type(): a new column is filled beside the old one, kept the same by a trigger, given the same
// indexes and constraints, and takes its place in one short transaction.
#include "core/error.hpp"
#include "core/format.hpp"
#include "core/identifier.hpp"
#include "core/names.hpp"
#include "core/retry.hpp"
#include "core/revision.hpp"
#include "core/sqlstate.hpp"
#include "operations/column_dependents.hpp"
#include "operations/column_swap.hpp"
#include "operations/common_phases.hpp"
#include "operations/dependent_views.hpp"
#include "pg/catalog/check_expression.hpp"
#include "pg/catalog/index_definition.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/catalog/table_shape.hpp"
#include "pg/catalog/type_change.hpp"
#include "pg/parse/analysis.hpp"
#include "pg/parse/clause.hpp"
#include "pg/parse/column_reference.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::operations {

namespace {

using core::Error;
using core::Format;
using engine::Phase;
using engine::PhasedOperation;
using engine::PhaseWork;
using pg::QuoteIdentifier;
namespace sqlstate = core::sqlstate;

// Comments on the new column, by which a later call knows it and how far it has come.
constexpr char kMade[] = "made by safe_change_column_type()";
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
  bool recreate_views = false;

  std::string quoted() const { return QuoteIdentifier(column.name); }
};

// And whether whoever owns the function has the rights of the table's owner, as whoever made the trigger had.
pg::PreparedQuery find_sync(
    "SELECT p.prosrc, pg_catalog.pg_has_role(p.proowner, r.relowner, 'USAGE') FROM pg_catalog.pg_trigger t JOIN "
    "pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid"
    " JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) t.tgrelid"
    " WHERE t.tgrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND t.tgname OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.name)",
    "it");

pg::PreparedQuery find_publications(
    "SELECT DISTINCT pg_catalog.quote_ident(CAST(p.pubname AS pg_catalog.text))"
    " FROM pg_catalog.pg_publication_tables p JOIN pg_catalog.pg_class r ON r.relname OPERATOR(pg_catalog.=) "
    "p.tablename"
    " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace"
    " AND n.nspname OPERATOR(pg_catalog.=) p.schemaname"
    " WHERE r.oid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid) ORDER BY 1",
    "i");

pg::PreparedQuery find_function("SELECT 1 FROM pg_catalog.to_regprocedure($1) f WHERE f IS NOT NULL", "t");

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

std::optional<ColumnId> FindNew(const Change& change) {
  const std::optional<Column> column = FindColumn(change.table, change.new_name);
  if (!column) return std::nullopt;
  return ColumnId{change.table.oid, column->number, column->name};
}

std::string CannotBeChanged(const Change& change) {
  return Format("the type of column \"%1%\" of %2% cannot be changed in phases", change.column.name, change.table.name);
}

[[noreturn]] void Refuse(const Change& change, const std::string& detail, const std::string& way = {}) {
  const std::string plain = Format(
      "ALTER TABLE ... ALTER %1% TYPE %2% in a revision, when the table may be shut for as "
      "long as it takes to rewrite it.",
      change.quoted(), change.type_text);
  throw Error(sqlstate::kFeatureNotSupported, CannotBeChanged(change), detail,
              way.empty() ? "Run " + plain : way + " Or run " + plain);
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

// As long as the trigger is not there, nothing of that name is ours.
void RequireFreeFunction(const Change& change) {
  if (!find_sync.Run({change.table.oid, change.trigger}).rows.empty()) return;
  if (!find_function.Run({change.function + "()"}).Single()) return;
  throw Error(sqlstate::kDuplicateFunction, Format("function %1%() already exists", change.function),
              "That is to be the name of the function that keeps the two columns the same.",
              Format("Look at it, then DROP FUNCTION %1%(), and call this again.", change.function));
}

// What is half done goes on as it was begun.
void RequireSameAsBegun(const Change& change) {
  const std::optional<Column> begun = FindColumn(change.table, change.new_name);
  if (!begun) return;
  const std::string comment = DescribeColumn(*FindNew(change)).comment.value_or("");
  const pg::QueryResult sync = find_sync.Run({change.table.oid, change.trigger});
  if (sync.rows.empty() && comment != kMade && comment != kFilled) {
    throw Error(sqlstate::kDuplicateColumn,
                Format("column %1% of %2% already exists", QuoteIdentifier(change.new_name), change.table.name),
                "That is to be the name of the new column until it takes the place of the old one.",
                "Rename it; or drop it, when it is left over from something.");
  }
  std::string other;
  if (begun->type != change.type.type) other = Format("It was to be of type %1%.", begun->type);
  if (other.empty() && !sync.rows.empty() && *sync.rows[0][0] != SyncBody(change)) {
    other = "Its values were to be converted in another way.";
  }
  if (other.empty() && !sync.rows.empty() && !pg::IsTrue(sync.rows[0][1])) {
    other = "The function of its trigger belongs to a role that has not the rights of the table's owner.";
  }
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

// The views that are to be made again. A view goes with the old column wherever that goes, so none may be left out.
// `only_views`: the server sees to what else is in the way.
DependentViews ViewsToRemake(const Change& change, bool only_views = false) {
  DependentViews views = FindDependentViews(change.column);
  std::vector<std::string> obstacles;
  if (!only_views) obstacles = Obstacles(change.column, views.oids);
  obstacles.insert(obstacles.end(), views.obstacles.begin(), views.obstacles.end());
  if (!obstacles.empty() || (change.recreate_views && !views.peculiar.empty())) {
    const std::vector<std::string>& also = change.recreate_views ? views.peculiar : views.names;
    obstacles.insert(obstacles.end(), also.begin(), also.end());
    throw Error(sqlstate::kFeatureNotSupported, CannotBeChanged(change),
                Format("It is used by: %1%.", core::JoinNames(obstacles)),
                "In revisions of their own: drop them (pg_get_viewdef() has the text of a view), change the type, make "
                "them again.");
  }
  if (!views.names.empty() && !change.recreate_views) {
    throw Error(sqlstate::kFeatureNotSupported,
                Format("views use column \"%1%\" of %2%", change.column.name, change.table.name),
                Format("They are: %1%.", core::JoinNames(views.names)),
                "Call it with recreate_views => true: in the transaction that changes the type it drops them and makes "
                "them again, with their owners, privileges, comments, options, rules and triggers.");
  }
  return views;
}

// What could never work is said before anything is done.
void RequireChangeable(const Change& change) {
  if (change.table.partitioned || pg::DescribeTable(change.table.oid).has_children) {
    Refuse(change, "The table has partitions or children.");
  }
  if (DescribeColumn(change.column).generated) {
    Refuse(change, "It is a generated column.", "Add a generated column of the new type, and drop the old one.");
  }
  if (!change.type.checked_domain_of.empty()) {
    Refuse(change,
           Format("Type %1% is a domain with constraints: a new column of it would be written with every row.",
                  change.type.type),
           Format("Change it to %1%, and add what the domain demands with safe_add_check() and safe_set_not_null().",
                  change.type.checked_domain_of));
  }
  const std::vector<std::string> publications = find_publications.Run({change.table.oid}).Column();
  if (!publications.empty()) {
    Refuse(
        change,
        Format("The table is published by %1%: the changes of the new column would stop a subscriber, which does not "
               "have it.",
               core::ListNames(publications)),
        "Take the table out of the publication, change the type here and on each subscriber, add it again, and have "
        "the subscribers REFRESH PUBLICATION WITH (copy_data = false) when nothing was written meanwhile.");
  }
  if (!FindNew(change) && FindColumn(change.table, change.old_name)) {
    throw Error(
        sqlstate::kDuplicateColumn,
        Format("column %1% of %2% already exists", QuoteIdentifier(change.old_name), change.table.name),
        "That is to be the name of the old column afterwards; perhaps it holds the values of an earlier change.",
        Format("ALTER TABLE %1% DROP COLUMN %2%, or rename it.", change.table.name, QuoteIdentifier(change.old_name)));
  }
  for (const DependentIndex& index : DependentIndexes(change.column)) {
    if (!index.replica_identity) continue;
    Refuse(change, Format("It is part of the table's replica identity, by index \"%1%\".", index.name),
           "Give the table another replica identity meanwhile: ALTER TABLE ... REPLICA IDENTITY FULL.");
  }
  (void)ViewsToRemake(change);
  if (!change.type.castable && !change.conversion) {
    throw Error(sqlstate::kDatatypeMismatch,
                Format("column \"%1%\" cannot be cast automatically to type %2%", change.column.name, change.type.type),
                {},
                Format("Say how: using_expression => '%1%::%2%', for instance.", change.quoted(), change.type.type));
  }
  RequireFreeFunction(change);
  RequireSameAsBegun(change);
}

std::string CommentOnNew(const Change& change, const char* comment) {
  return Format("COMMENT ON COLUMN %1%.%2% IS %3%", pg::QualifiedName(change.table.oid),
                QuoteIdentifier(change.new_name), pg::QuoteLiteral(comment));
}

// Before what is to be made again is read: nobody changes it then, or makes another view on the table.
std::vector<core::Statement> Lock(const DependentViews& views, const std::string& tables) {
  return StatementsOf(views.lock + tables, "the locks");
}

std::string LockTable(const Change& change) {
  return Format("LOCK TABLE %1% IN ACCESS EXCLUSIVE MODE", pg::QualifiedName(change.table.oid));
}

// The new column, which may be there, in the place of the old one.
std::string SwapColumns(const Change& change) {
  return Alter(change.table, Format("RENAME %1% TO %2%;\n", change.quoted(), QuoteIdentifier(change.old_name))) +
         Alter(change.table, FindNew(change)
                                 ? Format("RENAME %1% TO %2%", QuoteIdentifier(change.new_name), change.quoted())
                                 : Format("ADD COLUMN %1% %2%", change.quoted(), change.type_text));
}

// That a view does not fit the new type is not to come up after hours of filling, nor is one to be another one
// afterwards.
void RequireViewsToFit(const Change& change, const DependentViews& views, const std::string& statements) {
  if (views.names.empty()) return;
  try {
    Rehearse(views, statements);
  } catch (const Error& error) {
    core::ErrorReport report = error.report();
    const std::string category = report.sqlstate.substr(0, 2);
    if (core::IsRetryable(report.sqlstate) || category == "57" || category == "53") throw;
    report.detail = report.message + (report.detail.empty() ? "" : ": " + report.detail);
    report.message = Format("views on column \"%1%\" of %2% cannot be made again when it is of type %3%",
                            change.column.name, change.table.name, change.type.type);
    report.hint = "Nothing has been changed. Drop or change the view, change the type, then make the view again.";
    throw Error(report);
  }
}

// Done in no time, and taken back.
Phase RehearseViews(const Change& change) {
  Phase phase;
  phase.title = "see that its views can be made again";
  phase.locks = [=] { return Lock(FindDependentViews(change.column), LockTable(change)); };
  phase.next = [=]() -> std::optional<PhaseWork> {
    RequireViewsToFit(change, FindDependentViews(change.column), SwapColumns(change));
    return std::nullopt;
  };
  return phase;
}

Phase AddColumn(const Change& change) {
  return Statements(
      Format("add column %1% %2%", QuoteIdentifier(change.new_name), change.type.type), [=]() -> std::string {
        if (const std::optional<ColumnId> fresh = FindNew(change)) {
          const std::string storage = StorageActions(change.column, *fresh);
          return storage.empty() ? storage : Alter(change.table, storage);
        }
        return Alter(change.table,
                     Format("ADD COLUMN %1% %2%;\n", QuoteIdentifier(change.new_name), change.type_text)) +
               CommentOnNew(change, kMade);
      });
}

std::string DropSync(const Change& change) {
  return Format("DROP TRIGGER IF EXISTS %1% ON %2%;\nDROP FUNCTION IF EXISTS %3%()", QuoteIdentifier(change.trigger),
                pg::QualifiedName(change.table.oid), change.function);
}

// When it cannot be done, nobody is to notice that it was tried.
void UndoOnFailure(const Change& change, Phase& phase) {
  phase.give_up = [=, title = phase.title]() -> std::optional<PhaseWork> {
    if (!FindNew(change)) return std::nullopt;
    // Without the trigger a function of that name is somebody else's.
    const bool ours = !find_sync.Run({change.table.oid, change.trigger}).rows.empty();
    return AsWork((ours ? DropSync(change) + ";\n" : std::string()) +
                      Alter(change.table, "DROP COLUMN " + QuoteIdentifier(change.new_name)),
                  title);
  };
  phase.hint =
      "Nothing of it is left, and writes go on as before. Correct what is in the way, or say how to convert the values "
      "with using_expression; then call it again.";
}

// Its search_path is ours: whoever writes to the table has another one. It is made new: what is there under its name
// may be somebody else's, and would run with the rights of whoever writes to the table.
std::string SyncFunction(const Change& change) {
  const std::string path = find_search_path.Run().Single().value_or("");
  return Format("CREATE FUNCTION %1%() RETURNS trigger LANGUAGE plpgsql SET search_path = %2% AS %3%", change.function,
                path.empty() ? "pg_catalog, pg_temp" : path + ", pg_temp", pg::QuoteLiteral(SyncBody(change)));
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

// It goes over to the new column as it is written.
void RequireDefaultToFit(const Change& change) {
  const std::optional<std::string> standard = DescribeColumn(change.column).default_expression;
  if (!standard) return;
  try {
    pg::RequireAnalyzable(Format("UPDATE %1% SET %2% = %3%", pg::QualifiedName(change.table.oid),
                                 QuoteIdentifier(change.new_name), *standard));
  } catch (const Error& error) {
    if (!error.Is(sqlstate::kDatatypeMismatch)) throw;
    throw Error(
        sqlstate::kDatatypeMismatch,
        Format("the default of column \"%1%\" of %2% does not fit its new type", change.column.name, change.table.name),
        Format("It is %1%, and the new type is %2%.", *standard, change.type.type),
        Format("ALTER TABLE %1% ALTER %2% DROP DEFAULT first, call it again, and then SET DEFAULT to one of the new "
               "type.",
               change.table.name, change.quoted()));
  }
}

// What would come up only after hours of filling comes up before it. The new column is there.
void RequireAllToFit(const Change& change) {
  RequireDefaultToFit(change);
  for (const DependentIndex& index : DependentIndexes(change.column)) {
    pg::RequireIndexable(IndexStatement(change, index));
  }
  for (const DependentConstraint& check : NewChecks(change)) pg::RequireCheckable(AddStatement(check));
}

// Its name sorts behind all others: it sees what other triggers have made of the row. ALWAYS: on a subscriber as well.
Phase InstallSyncTrigger(const Change& change) {
  const std::string trigger = QuoteIdentifier(change.trigger);
  Phase phase = Statements(
      Format("keep %1% the same by trigger %2%", QuoteIdentifier(change.new_name), trigger), [=]() -> std::string {
        if (!find_sync.Run({change.table.oid, change.trigger}).rows.empty()) return {};
        RequireAllToFit(change);
        const std::string table = pg::QualifiedName(change.table.oid);
        return SyncFunction(change) +
               Format(
                   ";\nCREATE TRIGGER %1% BEFORE INSERT OR UPDATE ON %2% FOR EACH ROW EXECUTE FUNCTION "
                   "%3%();\nALTER TABLE %2% ENABLE ALWAYS TRIGGER %1%",
                   trigger, table, change.function);
      });
  UndoOnFailure(change, phase);
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
    // By its number the column is another one when it has been dropped and added again: then all is to be filled again.
    const std::string job = Format("safe_change_column_type of %1%.%2% (column %3%)", change.table.name,
                                   change.quoted(), RequireColumn(change.table, change.new_name).number);
    return std::function<void()>([=] {
      backfill(change.table.oid, QuoteIdentifier(change.new_name) + " = " + ValueOf(change), UnfilledCondition(change),
               job);
    });
  };
  // A value that cannot be converted: as long as the trigger is there, nobody could write that row.
  UndoOnFailure(change, phase);
  return phase;
}

// What a later call knows it by.
Phase NoteFilled(const Change& change) {
  return Statements("note that it is filled", [=]() -> std::string {
    if (IsFilled(change)) return {};
    return CommentOnNew(change, kFilled);
  });
}

Phase BuildIndexes(const Change& change) {
  return Statements("rebuild its indexes concurrently", [=]() -> std::string {
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

// What it changes is read when the views are locked; one that was made meanwhile may be among them.
Phase Swap(const Change& change) {
  Phase phase = Statements(Format("put it in the place of %1%", change.quoted()), [=]() -> std::string {
    const std::optional<ColumnId> fresh = FindNew(change);
    if (!fresh) return {};
    const DependentViews views = ViewsToRemake(change);
    RequireViewsToFit(change, views, SwapColumns(change));
    return SwapStatements({change.table, change.column, *fresh, change.old_name, change.type.type, DropSync(change),
                           views.drop, views.create});
  });
  phase.locks = [=]() -> std::vector<core::Statement> {
    if (!FindNew(change)) return {};
    return Lock(ViewsToRemake(change), LockForSwap(change.column));
  };
  return phase;
}

// No row has to be written.
Phase ChangeInPlace(const Change& change) {
  const auto is_done = [=] {
    return pg::DescribeTypeChange(change.table.oid, change.column.name, change.type_text).same;
  };
  Phase phase = Statements(Format("change %1% to %2%", change.quoted(), change.type.type), [=]() -> std::string {
    if (is_done()) return {};
    const DependentViews views = ViewsToRemake(change, true);
    const std::string alter = Alter(change.table, Format("ALTER %1% TYPE %2%", change.quoted(), change.type_text));
    RequireViewsToFit(change, views, alter);
    return views.drop + alter + ";\n" + views.create;
  });
  phase.locks = [=]() -> std::vector<core::Statement> {
    if (is_done() || !change.recreate_views) return {};
    return Lock(ViewsToRemake(change, true), LockTable(change));
  };
  return phase;
}

Phase DropOldIndexes(const Change& change) {
  return Statements("drop the old indexes, concurrently", [=]() -> std::string {
    const pg::Field index = find_old_indexes.Run({change.table.oid}).Single();
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
  change.recreate_views = call.Boolean(5);
  const std::string& name = change.column.name;
  change.new_name = pg::MakeHelperName("headway_new", name);
  change.old_name = pg::MakeHelperName("headway_old", name);
  change.trigger = pg::MakeHelperName("~headway_sync", name);
  change.function =
      pg::QualifiedSibling(change.table.oid, Format("headway_sync_%1%_%2%", change.table.oid, change.column.number));
  return change;
}

void AppendLongWay(const OperationCall& call, const Change& change, PhasedOperation& operation) {
  RequireChangeable(change);
  if (!ViewsToRemake(change).names.empty()) operation.phases.push_back(RehearseViews(change));
  operation.phases.push_back(AddColumn(change));
  operation.phases.push_back(InstallSyncTrigger(change));
  operation.phases.push_back(Fill(call, change));
  operation.phases.push_back(NoteFilled(change));
  const ColumnDetails details = DescribeColumn(change.column);
  if (details.not_null) {
    AppendNotNull(operation, call, change.table, change.new_name, std::nullopt, details.not_null_kind);
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
    operation.phases.push_back(ChangeInPlace(change));
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
