#include "pg/parse/column_definition.hpp"

#include <algorithm>

#include "core/sqlstate.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/parse/clause.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/heap.h"
#include "optimizer/optimizer.h"
#include "parser/parse_type.h"
#include "utils/rel.h"
#include "utils/typcache.h"
}

namespace headway::pg {

namespace {

constexpr char kAddColumn[] = "ADD COLUMN ";

ColumnDef* Parse(const std::string& definition) {
  const AlterTableCmd* command = ParseAlterClause(kAddColumn, definition, "definition");
  if (command == nullptr || command->subtype != AT_AddColumn || command->missing_ok) {
    ThrowClause("definition", "one column", definition);
  }
  return castNode(ColumnDef, command->def);
}

std::vector<const Constraint*> ConstraintsOf(const ColumnDef* column) {
  std::vector<const Constraint*> constraints;
  for (int i = 0; i < list_length(column->constraints); ++i) {
    constraints.push_back(static_cast<const Constraint*>(list_nth(column->constraints, i)));
  }
  return constraints;
}

Node* RawDefault(ColumnDef* column) {
  for (const Constraint* constraint : ConstraintsOf(column)) {
    if (constraint->contype == CONSTR_DEFAULT) return constraint->raw_expr;
  }
  return nullptr;
}

// The text of a definition, cut where its parts begin.
class Parts {
 public:
  Parts(const std::string& definition, const ColumnDef* column) : text_(definition) {
    for (const Constraint* constraint : ConstraintsOf(column)) starts_.push_back(Place(constraint->location));
    if (column->collClause != nullptr) starts_.push_back(Place(column->collClause->location));
    starts_.push_back(definition.size());
    std::sort(starts_.begin(), starts_.end());
  }

  // From a place that the parser has told to where the next part begins.
  std::string From(int location) const {
    const std::size_t start = Place(location);
    return text_.substr(start, *std::upper_bound(starts_.begin(), starts_.end(), start) - start);
  }

 private:
  static std::size_t Place(int location) {
    return static_cast<std::size_t>(location) - std::strlen(kAlterTable) - std::strlen(kAddColumn);
  }

  const std::string& text_;
  std::vector<std::size_t> starts_;
};

// REQUIRES, of all: inside a guard.
struct Meaning {
  Oid type;
  int32 modifier;
  Oid collation;
  Node* default_value;  // null: none
};

bool IsNull(const Node* value) {
  return value == nullptr || (IsA(value, Const) && reinterpret_cast<const Const*>(value)->constisnull);
}

Meaning Analyze(ColumnDef* column, Node* raw_default, const char* text) {
  Meaning meaning;
  ParseState* state = make_parsestate(nullptr);
  state->p_sourcetext = text;
  typenameTypeIdAndMod(state, column->typeName, &meaning.type, &meaning.modifier);
  meaning.collation = GetColumnDefCollation(state, column, meaning.type);
  meaning.default_value = raw_default == nullptr
                              ? nullptr
                              : cookDefault(state, raw_default, meaning.type, meaning.modifier, column->colname, 0);
  return meaning;
}

struct Judgement {
  bool is_domain_with_constraints;
  bool default_is_null;
  bool default_is_volatile;
  bool type_default_is_volatile;
  const char* type;
};

bool IsVolatile(Node* value) {
  return value != nullptr &&
         contain_volatile_functions(reinterpret_cast<Node*>(expression_planner(reinterpret_cast<Expr*>(value))));
}

// As ATExecAddColumn decides.
Judgement Judge(const Meaning& meaning) {
  Judgement judgement;
  judgement.is_domain_with_constraints = compat::IsDomainWithConstraints(meaning.type);
  judgement.default_is_null = IsNull(meaning.default_value);
  judgement.default_is_volatile = IsVolatile(meaning.default_value);
  judgement.type_default_is_volatile = IsVolatile(get_typdefault(meaning.type));
  judgement.type =
      format_type_extended(meaning.type, meaning.modifier, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
  return judgement;
}

template <class Body>
auto WithMeaning(const std::string& definition, ColumnDef* column, Body&& body) {
  const std::string text = std::string(kAlterTable) + kAddColumn + definition;
  Node* raw_default = RawDefault(column);
  return GuardedIn(text, [&] { return body(Analyze(column, raw_default, text.c_str())); });
}

// The words that stand for an integer with a sequence of its own.
bool IsSerial(const TypeName* type) {
  if (list_length(type->names) != 1 || type->pct_type) return false;
  const std::string_view name = strVal(linitial(type->names));
  return name == "serial" || name == "serial4" || name == "bigserial" || name == "serial8" || name == "smallserial" ||
         name == "serial2";
}

[[noreturn]] void ThrowConflict(const char* message) { throw core::Error(core::sqlstate::kSyntaxError, message); }

void TakeDefault(ColumnDefinition& result, const std::string& part) {
  if (!result.default_value.empty()) ThrowConflict("definition has several DEFAULTs");
  result.default_value = BehindKeyword(part, "default");
}

ColumnConstraint Named(const Constraint* constraint, const std::string& text) {
  return {constraint->conname == nullptr ? "" : constraint->conname, text};
}

// DEFERRABLE and the like belong to the REFERENCES right before them.
void TakeAttribute(ColumnDefinition& result, const Constraint* before, const std::string& part) {
  if (before == nullptr || before->contype != CONSTR_FOREIGN) ThrowConflict("definition has a misplaced DEFERRABLE");
  result.references.back().text += "\n" + part;
}

bool IsAttribute(const Constraint* constraint) {
  switch (constraint->contype) {
    case CONSTR_ATTR_DEFERRABLE:
    case CONSTR_ATTR_NOT_DEFERRABLE:
    case CONSTR_ATTR_DEFERRED:
    case CONSTR_ATTR_IMMEDIATE:
      return true;
    default:
      return false;
  }
}

void TakeConstraint(ColumnDefinition& result, const Constraint* constraint, const std::string& part) {
  switch (constraint->contype) {
    case CONSTR_NULL:
      break;
    case CONSTR_NOTNULL:
      result.not_null = true;
      break;
    case CONSTR_DEFAULT:
      TakeDefault(result, part);
      break;
    case CONSTR_CHECK:
      if (constraint->is_no_inherit) result.obstacle = ColumnObstacle::kNoInherit;
      result.checks.push_back(Named(constraint, BetweenParentheses(part)));
      break;
    case CONSTR_FOREIGN:
      result.references.push_back(Named(constraint, BehindKeyword(part, "references")));
      break;
    case CONSTR_PRIMARY:
      result.obstacle = ColumnObstacle::kPrimaryKey;
      break;
    case CONSTR_IDENTITY:
      result.obstacle = ColumnObstacle::kIdentity;
      break;
    case CONSTR_GENERATED:
      result.obstacle = ColumnObstacle::kGenerated;
      break;
    case CONSTR_UNIQUE:
      result.obstacle = ColumnObstacle::kUnique;
      break;
    default:
      ThrowConflict("definition has a constraint that is not known");
  }
}

void TakeConstraints(ColumnDefinition& result, ColumnDef* column, const Parts& parts) {
  const Constraint* before = nullptr;
  bool null = false;
  for (const Constraint* constraint : ConstraintsOf(column)) {
    const std::string part = parts.From(constraint->location);
    null = null || constraint->contype == CONSTR_NULL;
    if (IsAttribute(constraint)) {
      TakeAttribute(result, before, part);
    } else {
      TakeConstraint(result, constraint, part);
      before = constraint;
    }
  }
  if (null && result.not_null) ThrowConflict("definition says both NULL and NOT NULL");
}

ColumnMatch Compare(Relation table, AttrNumber number, const Meaning& asked) {
  const TupleDesc row = RelationGetDescr(table);
  const Form_pg_attribute column = TupleDescAttr(row, number - 1);
  Node* stored = nullptr;
  for (int i = 0; row->constr != nullptr && i < row->constr->num_defval; ++i) {
    const AttrDefault& candidate = row->constr->defval[i];
    if (candidate.adnum == number) stored = static_cast<Node*>(stringToNode(candidate.adbin));
  }
  ColumnMatch match;
  match.type = column->atttypid == asked.type && column->atttypmod == asked.modifier;
  match.collation = column->attcollation == asked.collation;
  match.default_value = IsNull(asked.default_value) ? stored == nullptr : equal(stored, asked.default_value);
  match.computed = column->attgenerated != '\0' || column->attidentity != '\0';
  return match;
}

}  // namespace

ColumnDefinition ReadColumn(const std::string& definition) {
  ColumnDef* column = Parse(definition);
  const Parts parts(definition, column);
  ColumnDefinition result;
  result.name = column->colname;
  result.type = parts.From(column->typeName->location);
  if (column->collClause != nullptr) result.type += "\n" + parts.From(column->collClause->location);
  TakeConstraints(result, column, parts);
  if (IsSerial(column->typeName)) result.obstacle = ColumnObstacle::kSerial;
  if (result.obstacle != ColumnObstacle::kNone) return result;
  const Judgement judgement = WithMeaning(definition, column, [](const Meaning& meaning) { return Judge(meaning); });
  result.cast_type = judgement.type;
  result.default_is_null = judgement.default_is_null;
  result.default_is_volatile = judgement.default_is_volatile;
  // A domain's own default is used when there is none of the column's, for a column that is to be filled as well.
  if (judgement.is_domain_with_constraints || judgement.type_default_is_volatile) {
    result.obstacle = ColumnObstacle::kDomain;
  }
  return result;
}

std::optional<ColumnMatch> MatchColumn(Oid relation, const std::string& definition) {
  ColumnDef* column = Parse(definition);
  const AttrNumber number = Guarded([&] { return get_attnum(relation, column->colname); });
  if (number <= 0) return std::nullopt;  // of system columns the server has its own opinion
  return WithMeaning(definition, column, [&](const Meaning& meaning) {
    Relation table = table_open(relation, AccessShareLock);
    const ColumnMatch match = Compare(table, number, meaning);
    table_close(table, AccessShareLock);
    return match;
  });
}

}  // namespace headway::pg
