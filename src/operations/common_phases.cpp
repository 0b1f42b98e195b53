#include "operations/common_phases.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/catalog/check_expression.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/catalog/table_shape.hpp"
#include "pg/parse/script.hpp"
#include "pg/text.hpp"

namespace headway::operations {

using core::Error;
using core::Format;
using engine::Phase;
using engine::PhaseWork;
namespace sqlstate = core::sqlstate;

namespace {

// Gives the rows of a column that hold a NULL a value.
class Filler {
 public:
  Filler(const OperationCall& call, const Table& table, const std::string& column)
      : table_(table), column_(column), backfill_(call.backfill), number_(std::make_shared<int>(0)) {
    pg::RequireReplicaIdentity(table.oid);
    // A walk needs a key unless it is within one table.
    const bool by_leaves = table.partitioned && pg::DescribeTable(table.oid).key.empty();
    tables_ = by_leaves ? TablesWithRows(table) : std::vector<Table>{table};
  }

  // REQUIRES: an open unit. By its number a column that has been dropped and added again is another one: then all is to
  // be filled again.
  void Look() const { *number_ = RequireColumn(table_, column_).number; }

  // REQUIRES: no unit open; Look() before.
  void Fill(const std::string& set) const {
    const std::string quoted = pg::QuoteIdentifier(column_);
    std::string name = set;
    name.erase(std::remove(name.begin(), name.end(), '\n'), name.end());  // messages show it in one line
    for (const Table& each : tables_) {
      backfill_(each.oid, set, quoted + " IS NULL",
                Format("filling of %1%.%2% (column %3%): %4%", each.name, quoted, *number_, name));
    }
  }

 private:
  Table table_;
  std::string column_;
  BackfillFunction backfill_;
  std::vector<Table> tables_;
  std::shared_ptr<int> number_;  // copies share what one of them has seen
};

// Partition by partition; empty: all of them are.
std::string NextValidation(const Table& table, const std::string& constraint) {
  const std::optional<Table> next = FirstNotValidated(table, constraint);
  return next ? Alter(*next, "VALIDATE CONSTRAINT " + pg::QuoteIdentifier(constraint)) : std::string();
}

}  // namespace

std::string Alter(const Table& table, const std::string& what) {
  return Format("ALTER TABLE %1% %2%", pg::QualifiedName(table.oid), what);
}

std::vector<core::Statement> StatementsOf(const std::string& text, const std::string& title) {
  if (text.empty()) return {};
  std::vector<core::Statement> statements = pg::ParseScript(text, title).statements;
  // Ours leave nothing in the session.
  for (core::Statement& statement : statements) statement.runs_code = false;
  return statements;
}

std::optional<PhaseWork> AsWork(const std::string& text, const std::string& title) {
  if (text.empty()) return std::nullopt;
  return StatementsOf(text, title);
}

Phase Statements(std::string title, std::function<std::string()> next) {
  Phase phase;
  phase.title = std::move(title);
  phase.next = [next = std::move(next), title = phase.title] { return AsWork(next(), title); };
  return phase;
}

void ThrowOtherConstraint(const Table& table, const Constraint& existing) {
  throw Error(sqlstate::kDuplicateObject,
              Format("constraint \"%1%\" of %2% already exists and is not the one that is asked for", existing.name,
                     table.name),
              Format("It is %1%.", existing.definition), "Drop it, rename it, or ask for another name.");
}

Phase Validate(const Table& table, const std::string& constraint, std::string hint) {
  Phase phase = Statements(Format("validate %1%", pg::QuoteIdentifier(constraint)),
                           [=] { return NextValidation(table, constraint); });
  phase.hint = std::move(hint);
  return phase;
}

Phase Fill(const OperationCall& call, const Table& table, const std::string& column,
           std::function<std::string()> next) {
  Phase phase;
  phase.title = Format("fill %1%.%2% where it is NULL", table.name, pg::QuoteIdentifier(column));
  phase.next = [next = std::move(next), filler = Filler(call, table, column)]() -> std::optional<PhaseWork> {
    const std::string set = next();
    if (set.empty()) return std::nullopt;
    filler.Look();
    return std::function<void()>([=] { filler.Fill(set); });
  };
  return phase;
}

std::string SetDefault(const std::string& column) { return pg::QuoteIdentifier(column) + " = DEFAULT"; }

void AppendCheck(engine::PhasedOperation& operation, const Table& table, const std::string& name,
                 const std::string& expression) {
  const std::string quoted = pg::QuoteIdentifier(name);
  operation.phases.push_back(Statements(Format("add CHECK %1% NOT VALID", quoted), [=]() -> std::string {
    const std::optional<Constraint> existing = FindConstraint(table, name);
    if (!existing) {
      return Alter(table, Format("ADD CONSTRAINT %1% CHECK (\n%2%\n) NOT VALID", quoted, expression));
    }
    if (existing->kind != 'c' || !pg::IsSameCheck(table.oid, name, expression)) ThrowOtherConstraint(table, *existing);
    return {};
  }));
  operation.phases.push_back(Validate(
      table, name,
      Format("New rows are checked already. Find the old ones with SELECT ... FROM %1% WHERE NOT (%2%), correct them, "
             "then call it again: it goes on here. To give up: ALTER TABLE %1% DROP CONSTRAINT %3%.",
             table.name, expression, quoted)));
}

namespace {

std::string FillHint(const Table& table, const std::string& column, const std::string& constraint) {
  return Format(
      "New rows must have a value already. Find the old ones with SELECT ... FROM %1% WHERE %2% IS NULL, or let "
      "safe_set_not_null() fill them; then call it again: it goes on here. To give up: ALTER TABLE %1% DROP CONSTRAINT "
      "%3%.",
      table.name, pg::QuoteIdentifier(column), pg::QuoteIdentifier(constraint));
}

// Between the filling and the constraint others may have written NULLs; behind it they cannot: once more is enough.
void RepairByFilling(Phase& validate, const Filler& filler, const std::string& set) {
  auto repaired = std::make_shared<bool>(false);
  validate.next = [=, next = validate.next] {
    filler.Look();
    return next();
  };
  validate.repair = [=](const core::ErrorReport& error) {
    const bool is_null = error.sqlstate == sqlstate::kCheckViolation || error.sqlstate == sqlstate::kNotNullViolation;
    if (!is_null || *repaired) return false;
    filler.Fill(set);
    return *repaired = true;
  };
}

// The server has a NOT NULL that can be validated later.
void AppendNotNullConstraint(engine::PhasedOperation& operation, const Table& table, const std::string& column,
                             const NotNullKind& kind, const std::function<void(Phase&)>& refine) {
  const std::string quoted = pg::QuoteIdentifier(column);
  operation.phases.push_back(Statements(Format("add NOT NULL %1% NOT VALID", quoted), [=]() -> std::string {
    if (FindNotNull(table, column)) return {};
    return Alter(table, Format("ADD NOT NULL %1%%2% NOT VALID", quoted, kind.no_inherit ? " NO INHERIT" : ""));
  }));
  if (!kind.validated) return;
  Phase validate = Statements(Format("validate NOT NULL %1%", quoted), [=]() -> std::string {
    const std::optional<ConstraintOf> next = FirstNotNullToValidate(table, column);
    return next ? Alter(next->table, "VALIDATE CONSTRAINT " + pg::QuoteIdentifier(next->name)) : std::string();
  });
  const std::optional<Constraint> existing = FindNotNull(table, column);
  const std::string name = existing ? existing->name : pg::MakeObjectName(table.last_name, column, "not_null");
  validate.hint = FillHint(table, column, name);
  refine(validate);
  operation.phases.push_back(std::move(validate));
}

// The server proves SET NOT NULL from a CHECK that is validated, instead of a scan under ACCESS EXCLUSIVE.
void AppendNotNullByCheck(engine::PhasedOperation& operation, const Table& table, const std::string& column,
                          const std::string& helper, const std::function<void(Phase&)>& refine) {
  const std::string quoted = pg::QuoteIdentifier(column);
  const std::string condition = Format("(%1% IS NOT NULL)", quoted);
  operation.phases.push_back(Statements(Format("add CHECK %1% NOT VALID", condition), [=]() -> std::string {
    if (RequireColumn(table, column).not_null || FindNotNullCheck(table, column, helper)) return {};
    if (const std::optional<Constraint> taken = FindConstraint(table, helper)) ThrowOtherConstraint(table, *taken);
    return Alter(table, Format("ADD CONSTRAINT %1% CHECK %2% NOT VALID", pg::QuoteIdentifier(helper), condition));
  }));
  Phase validate = Statements(Format("validate CHECK %1%", condition), [=]() -> std::string {
    if (RequireColumn(table, column).not_null) return {};
    const std::optional<Constraint> check = FindNotNullCheck(table, column, helper);
    return check ? NextValidation(table, check->name) : std::string();
  });
  validate.hint = FillHint(table, column, helper);
  refine(validate);
  operation.phases.push_back(std::move(validate));
}

}  // namespace

void AppendNotNull(engine::PhasedOperation& operation, const OperationCall& call, const Table& table,
                   const std::string& column, const std::optional<std::string>& fill, const NotNullKind& kind) {
  const std::string quoted = pg::QuoteIdentifier(column);
  const std::string helper = pg::MakeHelperName("headway", column, "not_null");
  const std::string set = fill.value_or("");
  if (fill) {
    operation.phases.push_back(
        Fill(call, table, column, [=] { return RequireColumn(table, column).not_null ? std::string() : set; }));
  }
  const auto refine = [&](Phase& validate) {
    if (fill) RepairByFilling(validate, Filler(call, table, column), set);
  };
  // A CHECK may be there: somebody's, or the helper from before an upgrade of the server.
  if (pg::NotNullIsConstraint() && !FindNotNullCheck(table, column, helper)) {
    AppendNotNullConstraint(operation, table, column, kind, refine);
    return;
  }
  AppendNotNullByCheck(operation, table, column, helper, refine);

  // Together: each time everyone waits for a moment, and thinks again about what to do with the table.
  const std::string drop = "DROP CONSTRAINT " + pg::QuoteIdentifier(helper);
  const std::string title = Format("set %1% NOT NULL", quoted);
  operation.phases.push_back(Statements(title, [=]() -> std::string {
    std::string text;
    if (!RequireColumn(table, column).not_null) text = Alter(table, Format("ALTER %1% SET NOT NULL;\n", quoted));
    const std::optional<Constraint> check = FindNotNullCheck(table, column, helper);
    return check && check->name == helper ? text + Alter(table, drop) : text;
  }));
}

}  // namespace headway::operations
