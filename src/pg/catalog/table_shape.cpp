#include "pg/catalog/table_shape.hpp"

#include <algorithm>

#include "pg/catalog/object_names.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/genam.h"
#include "access/relation.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/catalog.h"
#include "catalog/partition.h"
#include "catalog/pg_am.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "storage/bufmgr.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
}

namespace headway::pg {

namespace {

constexpr int kMaxKeyColumns = 8;

// Plain data, filled inside a guard.
struct RawKey {
  int count = 0;
  struct {
    const char* name;
    const char* type;
    const char* collation;
    const char* greater;
    const char* not_greater;
    const char* equal;
    List* generated_from;
  } columns[kMaxKeyColumns];
};

const char* OperatorText(Oid family, Oid type, int strategy) {
  const Oid oid = get_opfamily_member(family, type, type, static_cast<int16>(strategy));
  if (!OidIsValid(oid)) return nullptr;
  HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(oid));
  if (!HeapTupleIsValid(tuple)) return nullptr;
  auto* form = reinterpret_cast<Form_pg_operator>(GETSTRUCT(tuple));
  const char* text =
      psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)), NameStr(form->oprname));
  ReleaseSysCache(tuple);
  return text;
}

// Schema-qualified whatever the search_path is.
const char* CollationText(Oid oid) {
  HeapTuple tuple = OidIsValid(oid) ? SearchSysCache1(COLLOID, ObjectIdGetDatum(oid)) : nullptr;
  if (!HeapTupleIsValid(tuple)) return "";
  auto* form = reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple));
  const char* text = quote_qualified_identifier(get_namespace_name(form->collnamespace), NameStr(form->collname));
  ReleaseSysCache(tuple);
  return text;
}

// Names.
List* GeneratedFrom(Relation table, Form_pg_attribute column) {
  if (column->attgenerated == '\0') return NIL;
  Bitmapset* numbers = nullptr;
  pull_varattnos(build_column_default(table, column->attnum), 1, &numbers);
  List* names = NIL;
  for (int i = -1; (i = bms_next_member(numbers, i)) >= 0;) {
    const auto number = static_cast<AttrNumber>(i + FirstLowInvalidHeapAttributeNumber);
    if (number > 0) names = lappend(names, get_attname(RelationGetRelid(table), number, false));
  }
  return names;
}

bool IsWalkable(Relation index) {
  const Form_pg_index form = index->rd_index;
  if (index->rd_rel->relam != BTREE_AM_OID) return false;
  if (!form->indisunique || !form->indisvalid || !form->indimmediate) return false;
  if (RelationGetIndexPredicate(index) != NIL || RelationGetIndexExpressions(index) != NIL) return false;
  if (form->indnkeyatts > kMaxKeyColumns) return false;
  for (int i = 0; i < form->indnkeyatts; ++i) {
    if (index->rd_indoption[i] != 0) return false;  // DESC or NULLS FIRST
  }
  return true;
}

// Fills the key from an index; false when one of its columns does not fit.
bool FillKey(Relation table, Relation index, RawKey& key) {
  const TupleDesc row = RelationGetDescr(table);
  key.count = 0;
  for (int i = 0; i < index->rd_index->indnkeyatts; ++i) {
    const AttrNumber number = index->rd_index->indkey.values[i];
    if (number <= 0) return false;
    const Form_pg_attribute column = TupleDescAttr(row, number - 1);
    if (!compat::IsProvedNotNull(row, number)) return false;
    if (index->rd_indcollation[i] != column->attcollation) return false;
    const Oid family = index->rd_opfamily[i];
    const Oid type = index->rd_opcintype[i];
    // ORDER BY sorts by the type's default class: an index of another order is no use for it.
    const Oid default_class = GetDefaultOpClass(column->atttypid, BTREE_AM_OID);
    if (!OidIsValid(default_class) || get_opclass_family(default_class) != family) return false;
    auto& out = key.columns[key.count];
    out.name = pstrdup(NameStr(column->attname));
    out.type = format_type_extended(column->atttypid, column->atttypmod,
                                    FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
    out.collation = CollationText(column->attcollation);
    out.generated_from = GeneratedFrom(table, column);
    out.greater = OperatorText(family, type, BTGreaterStrategyNumber);
    out.not_greater = OperatorText(family, type, BTLessEqualStrategyNumber);
    out.equal = OperatorText(family, type, BTEqualStrategyNumber);
    if (out.greater == nullptr || out.not_greater == nullptr || out.equal == nullptr) return false;
    // A comparison of rows names one operator for all columns.
    if (std::strcmp(out.greater, key.columns[0].greater) != 0) return false;
    if (std::strcmp(out.not_greater, key.columns[0].not_greater) != 0) return false;
    ++key.count;
  }
  return key.count > 0;
}

// Pointers to RawKey, the primary key's first.
List* FindKeys(Relation table) {
  List* keys = NIL;
  ListCell* cell;
  foreach (cell, RelationGetIndexList(table)) {
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    auto* key = static_cast<RawKey*>(palloc0(sizeof(RawKey)));
    if (IsWalkable(index) && FillKey(table, index, *key)) {
      keys = index->rd_index->indisprimary ? lcons(key, keys) : lappend(keys, key);
    }
    index_close(index, AccessShareLock);
  }
  return keys;
}

struct RawShape {
  char kind;
  bool temporary;
  bool has_children;
  bool is_catalog;
  bool is_heap;
  double rows;
  std::int64_t pages;
  List* keys;
};

// REQUIRES: inside a guard.
RawShape Look(Oid oid) {
  RawShape shape = {};
  Relation table = relation_open(oid, AccessShareLock);
  shape.kind = table->rd_rel->relkind;
  shape.temporary = table->rd_rel->relpersistence == RELPERSISTENCE_TEMP;
  shape.is_catalog = IsCatalogRelation(table);
  shape.has_children = shape.kind == RELKIND_PARTITIONED_TABLE || has_subclass(oid);
  shape.is_heap = table->rd_rel->relam == HEAP_TABLE_AM_OID;
  shape.rows = table->rd_rel->reltuples;
  if (shape.kind == RELKIND_RELATION || shape.kind == RELKIND_PARTITIONED_TABLE) shape.keys = FindKeys(table);
  if (shape.kind == RELKIND_RELATION) shape.pages = RelationGetNumberOfBlocks(table);
  relation_close(table, AccessShareLock);
  return shape;
}

TableKey ToKey(const RawKey& raw) {
  TableKey key;
  for (int i = 0; i < raw.count; ++i) {
    const auto& column = raw.columns[i];
    key.push_back({column.name, column.type, column.collation, column.greater, column.not_greater, column.equal, {}});
    for (int j = 0; j < list_length(column.generated_from); ++j) {
      key.back().generated_from.emplace_back(static_cast<char*>(list_nth(column.generated_from, j)));
    }
  }
  return key;
}

}  // namespace

std::vector<std::string> DescribeKey(const TableKey& key) {
  std::vector<std::string> texts;
  for (const KeyColumn& column : key) {
    std::string text = QuoteIdentifier(column.name) + " " + column.type;
    if (!column.collation.empty()) text += " COLLATE " + column.collation;
    texts.push_back(std::move(text));
  }
  return texts;
}

TableShape DescribeTable(Oid relation) {
  const RawShape raw = Guarded([&] { return Look(relation); });
  TableShape shape;
  shape.oid = relation;
  shape.qualified_name = QualifiedName(relation);
  shape.kind = raw.kind;
  shape.temporary = raw.temporary;
  shape.has_children = raw.has_children;
  shape.is_catalog = raw.is_catalog;
  shape.is_heap = raw.is_heap;
  shape.estimated_rows = raw.rows > 0 ? static_cast<std::int64_t>(raw.rows) : 0;
  shape.pages = raw.pages;
  for (int i = 0; i < list_length(raw.keys); ++i) {
    shape.keys.push_back(ToKey(*static_cast<RawKey*>(list_nth(raw.keys, i))));
  }
  if (!shape.keys.empty()) shape.key = shape.keys.front();
  return shape;
}

std::vector<Oid> TablesOf(Oid relation) {
  const List* found = Guarded([&] { return find_all_inheritors(relation, AccessShareLock, nullptr); });
  std::vector<Oid> tables;
  for (int i = 0; i < list_length(found); ++i) {
    const Oid oid = list_nth_oid(found, i);
    if (Guarded([&] { return get_rel_relkind(oid); }) != RELKIND_PARTITIONED_TABLE) tables.push_back(oid);
  }
  return tables;
}

void RequireReplicaIdentity(Oid relation) {
  for (const Oid oid : TablesOf(relation)) {
    Guarded([&] {
      Relation table = table_open(oid, AccessShareLock);
      if (table->rd_rel->relkind == RELKIND_RELATION) CheckCmdReplicaIdentity(table, CMD_UPDATE);
      table_close(table, AccessShareLock);
    });
  }
}

bool IsDistributed(Oid relation) {
  const Oid citus = Guarded([] { return get_relname_relid("pg_dist_partition", PG_CATALOG_NAMESPACE); });
  if (!OidIsValid(citus)) return false;
  return RunQuery(
             "SELECT 1 FROM pg_catalog.pg_dist_partition WHERE CAST(logicalrelid AS pg_catalog.oid)"
             " OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)",
             "i", {relation})
      .Single()
      .has_value();
}

namespace {

// The columns of one level, expressions' columns too. REQUIRES: inside a guard.
List* PartitionColumnsOf(Oid relation) {
  Relation table = relation_open(relation, AccessShareLock);
  List* names = NIL;
  if (table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE) {
    PartitionKey key = RelationGetPartitionKey(table);
    for (int i = 0; i < key->partnatts; ++i) {
      if (key->partattrs[i] != 0) names = lappend(names, get_attname(relation, key->partattrs[i], false));
    }
    Bitmapset* columns = nullptr;
    pull_varattnos(reinterpret_cast<Node*>(key->partexprs), 1, &columns);
    for (int i = -1; (i = bms_next_member(columns, i)) >= 0;) {
      const auto number = static_cast<AttrNumber>(i + FirstLowInvalidHeapAttributeNumber);
      if (number > 0) names = lappend(names, get_attname(relation, number, false));
    }
  }
  relation_close(table, AccessShareLock);
  return names;
}

}  // namespace

bool NotNullIsConstraint() { return compat::kNotNullIsConstraint; }

std::vector<std::string> PartitionColumns(Oid relation) {
  const List* found = Guarded([&] { return find_all_inheritors(relation, AccessShareLock, nullptr); });
  std::vector<std::string> columns;
  for (int i = 0; i < list_length(found); ++i) {
    const Oid oid = list_nth_oid(found, i);
    const List* names = Guarded([&] { return PartitionColumnsOf(oid); });
    for (int j = 0; j < list_length(names); ++j) columns.emplace_back(static_cast<char*>(list_nth(names, j)));
  }
  return columns;
}

}  // namespace headway::pg
