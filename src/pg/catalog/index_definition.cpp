#include "pg/catalog/index_definition.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/guard.hpp"
#include "pg/parse/raw_parse.hpp"
#include "pg/postgres.hpp"

extern "C" {
#include "access/amapi.h"
#include "access/relation.h"
#include "parser/parse_utilcmd.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
}

namespace headway::pg {

namespace {

// Of a statement: its table, and what has the name of its index.
struct ExistingIndex {
  Oid table = InvalidOid;
  Oid index = InvalidOid;
};

// REQUIRES: inside a guard, and of all below.
IndexStmt* ParseCreate(const char* text) {
  Node* statement = linitial_node(RawStmt, ParseStatements(text))->stmt;
  return IsA(statement, IndexStmt) ? castNode(IndexStmt, statement) : nullptr;
}

ExistingIndex FindExisting(const char* text) {
  ExistingIndex existing;
  const IndexStmt* create = ParseCreate(text);
  if (create == nullptr || !create->if_not_exists || create->idxname == nullptr) return existing;
  existing.table = RangeVarGetRelid(create->relation, NoLock, true);
  if (!OidIsValid(existing.table)) return existing;
  existing.index = get_relname_relid(create->idxname, get_rel_namespace(existing.table));
  return existing;
}

// An index of the catalog, unpacked.
struct IndexCatalogRow {
  HeapTuple tuple;
  Form_pg_index form;
  const oidvector* classes;
  const oidvector* collations;
  const int2vector* options;
  List* expressions;
  Node* predicate;
  char* method_name;
  Oid method;
};

void* Attribute(HeapTuple tuple, AttrNumber number) {
  bool is_null;
  const Datum value = SysCacheGetAttr(INDEXRELID, tuple, number, &is_null);
  return is_null ? nullptr : DatumGetPointer(value);
}

void* NodeAttribute(HeapTuple tuple, AttrNumber number) {
  void* stored = Attribute(tuple, number);
  return stored == nullptr ? nullptr : stringToNode(TextDatumGetCString(PointerGetDatum(stored)));
}

IndexCatalogRow Unpack(HeapTuple tuple) {
  IndexCatalogRow index;
  index.tuple = tuple;
  index.form = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple));
  index.classes = static_cast<oidvector*>(Attribute(tuple, Anum_pg_index_indclass));
  index.collations = static_cast<oidvector*>(Attribute(tuple, Anum_pg_index_indcollation));
  index.options = static_cast<int2vector*>(Attribute(tuple, Anum_pg_index_indoption));
  index.expressions = static_cast<List*>(NodeAttribute(tuple, Anum_pg_index_indexprs));
  index.predicate = static_cast<Node*>(NodeAttribute(tuple, Anum_pg_index_indpred));
  Relation relation = relation_open(index.form->indexrelid, AccessShareLock);
  index.method = relation->rd_rel->relam;
  index.method_name = get_am_name(index.method);
  relation_close(relation, AccessShareLock);
  return index;
}

// What an element of the statement means, found as DefineIndex does: a column in parentheses, or with a collation
// behind it, is a column.
struct Column {
  AttrNumber attribute = InvalidAttrNumber;  // none: an expression
  Node* expression = nullptr;
  Oid type = InvalidOid;
  Oid collation = InvalidOid;
};

Column Resolve(const IndexElem* element, Oid table) {
  Column column;
  if (element->name != nullptr) {
    column.attribute = get_attnum(table, element->name);
    if (column.attribute == InvalidAttrNumber) return column;
    int32 modifier;
    get_atttypetypmodcoll(table, column.attribute, &column.type, &modifier, &column.collation);
  } else {
    column.expression = element->expr;
    column.type = exprType(column.expression);
    column.collation = exprCollation(column.expression);
    while (IsA(column.expression, CollateExpr)) {
      column.expression = reinterpret_cast<Node*>(castNode(CollateExpr, column.expression)->arg);
    }
    if (IsA(column.expression, Var)) column.attribute = castNode(Var, column.expression)->varattno;
  }
  if (element->collation != NIL) column.collation = get_collation_oid(element->collation, false);
  return column;
}

int16 OptionsOf(const IndexElem* element) {
  const bool descending = element->ordering == SORTBY_DESC;
  const bool nulls_first =
      element->nulls_ordering == SORTBY_NULLS_DEFAULT ? descending : element->nulls_ordering == SORTBY_NULLS_FIRST;
  return static_cast<int16>((descending ? INDOPTION_DESC : 0) | (nulls_first ? INDOPTION_NULLS_FIRST : 0));
}

// `next_expression`: which of the index's expressions is the next one to compare with.
bool SameKey(const IndexCatalogRow& index, int i, const IndexElem* element, int* next_expression) {
  const Column column = Resolve(element, index.form->indrelid);
  if (!OidIsValid(column.type) || column.attribute != index.form->indkey.values[i]) return false;
  if (column.attribute == InvalidAttrNumber) {
    if (*next_expression >= list_length(index.expressions)) return false;
    if (!equal(column.expression, list_nth(index.expressions, (*next_expression)++))) return false;
  }
  const bool ordered = GetIndexAmRoutineByAmId(index.method, false)->amcanorder;
  const int16 options = ordered ? OptionsOf(element) : static_cast<int16>(0);
  return ResolveOpClass(element->opclass, column.type, index.method_name, index.method) == index.classes->values[i] &&
         column.collation == index.collations->values[i] && options == index.options->values[i];
}

bool SameColumns(const IndexCatalogRow& index, const IndexStmt* asked) {
  const int keys = list_length(asked->indexParams);
  const int included = list_length(asked->indexIncludingParams);
  if (index.form->indnkeyatts != keys || index.form->indnatts != keys + included) return false;
  int next_expression = 0;
  for (int i = 0; i < keys; ++i) {
    if (!SameKey(index, i, list_nth_node(IndexElem, asked->indexParams, i), &next_expression)) return false;
  }
  for (int i = 0; i < included; ++i) {
    const auto* element = list_nth_node(IndexElem, asked->indexIncludingParams, i);
    const Column column = Resolve(element, index.form->indrelid);
    if (column.attribute != index.form->indkey.values[keys + i]) return false;
  }
  return true;
}

Node* AsStored(Node* predicate) {
  if (predicate == nullptr) return nullptr;
  return reinterpret_cast<Node*>(make_ands_explicit(make_ands_implicit(reinterpret_cast<Expr*>(predicate))));
}

bool SameDefinition(const ExistingIndex& existing, const char* text) {
  HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(existing.index));
  if (!HeapTupleIsValid(tuple)) return true;  // it has just gone
  const IndexCatalogRow index = Unpack(tuple);
  bool same = index.form->indrelid == existing.table;
  if (same) {
    const IndexStmt* asked = transformIndexStmt(existing.table, ParseCreate(text), text);
    same = std::strcmp(asked->accessMethod, index.method_name) == 0 && asked->unique == index.form->indisunique &&
           asked->nulls_not_distinct == index.form->indnullsnotdistinct && !index.form->indisexclusion &&
           SameColumns(index, asked) && equal(AsStored(asked->whereClause), index.predicate);
  }
  ReleaseSysCache(tuple);
  return same;
}

// REQUIRES: inside a guard.
void Analyze(const char* text) {
  IndexStmt* create = ParseCreate(text);
  const Oid table = RangeVarGetRelid(create->relation, AccessShareLock, false);
  create = transformIndexStmt(table, create, text);
  const Oid method = get_index_am_oid(create->accessMethod, false);
  ListCell* cell;
  foreach (cell, create->indexParams) {
    const auto* element = lfirst_node(IndexElem, cell);
    const Column column = Resolve(element, table);
    if (OidIsValid(column.type)) ResolveOpClass(element->opclass, column.type, create->accessMethod, method);
  }
}

[[noreturn]] void ThrowTaken(Oid existing, const char* what, const std::string& detail) {
  throw core::Error(core::sqlstate::kDuplicateTable,
                    core::Format("%1% already exists and %2%", QualifiedName(existing), what), detail,
                    "Drop it, or give the new index another name. IF NOT EXISTS looks at the name only.");
}

}  // namespace

void RequireSameIndex(const std::string& statement) {
  const QuietParsing silence;
  const ExistingIndex existing = Guarded([&] { return FindExisting(statement.c_str()); });
  if (!OidIsValid(existing.index)) return;
  const char kind = Guarded([&] { return get_rel_relkind(existing.index); });
  if (kind != RELKIND_INDEX && kind != RELKIND_PARTITIONED_INDEX) ThrowTaken(existing.index, "is not an index", {});
  if (!Guarded([&] { return ConditionalLockRelationOid(existing.table, AccessShareLock); })) {
    throw core::Error(core::sqlstate::kLockNotAvailable,
                      core::Format("could not obtain lock on %1%", QualifiedName(existing.table)));
  }
  if (Guarded([&] { return SameDefinition(existing, statement.c_str()); })) return;
  const std::string definition = Guarded([&] { return pg_get_indexdef_string(existing.index); });
  ThrowTaken(existing.index, "is not the index that is asked for", core::Format("It is %1%.", definition));
}

void RequireIndexable(const std::string& statement) {
  GuardedIn(statement, [&] { Analyze(statement.c_str()); });
}

}  // namespace headway::pg
