#include "pg/catalog/find_object.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/partition.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_statistic_ext.h"
#include "commands/dbcommands.h"
}

namespace headway::pg {

namespace {

// The schema in a qualified name.
Oid SchemaOf(List* names) {
  const int count = list_length(names);
  return count < 2 || count > 3 ? InvalidOid : get_namespace_oid(strVal(list_nth(names, count - 2)), true);
}

}  // namespace

bool IsIndex(Oid relation) {
  const char kind = get_rel_relkind(relation);
  return kind == RELKIND_INDEX || kind == RELKIND_PARTITIONED_INDEX;
}

Oid FindRelation(const RangeVar* name) {
  if (name == nullptr || name->relname == nullptr) return InvalidOid;
  if (name->catalogname != nullptr && std::strcmp(name->catalogname, get_database_name(MyDatabaseId)) != 0) {
    return InvalidOid;
  }
  if (name->schemaname == nullptr) return RelnameGetRelid(name->relname);
  const Oid schema = std::strcmp(name->schemaname, "pg_temp") == 0 ? LookupExplicitNamespace("pg_temp", true)
                                                                   : get_namespace_oid(name->schemaname, true);
  return OidIsValid(schema) ? get_relname_relid(name->relname, schema) : InvalidOid;
}

Oid FindRelationByNames(List* names) {
  const int count = list_length(names);
  if (count < 1 || count > 3) return InvalidOid;
  return FindRelation(makeRangeVarFromNameList(names));
}

Oid FindType(List* names) {
  if (list_length(names) == 1) return TypenameGetTypid(strVal(linitial(names)));
  const Oid schema = SchemaOf(names);
  return OidIsValid(schema) ? GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(strVal(llast(names))),
                                              ObjectIdGetDatum(schema))
                            : InvalidOid;
}

Oid FindStatistics(List* names) {
  if (list_length(names) == 1) return get_statistics_object_oid(names, true);
  const Oid schema = SchemaOf(names);
  return OidIsValid(schema) ? GetSysCacheOid2(STATEXTNAMENSP, Anum_pg_statistic_ext_oid,
                                              CStringGetDatum(strVal(llast(names))), ObjectIdGetDatum(schema))
                            : InvalidOid;
}

Oid FindConstraint(Oid relation, const char* name) {
  if (!OidIsValid(relation) || name == nullptr) return InvalidOid;
  return get_relation_constraint_oid(relation, name, true);
}

ConstraintFacts FactsOfConstraint(Oid constraint) {
  HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
  if (!HeapTupleIsValid(tuple)) return {false, '\0', false, InvalidOid};
  auto* form = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
  const ConstraintFacts facts = {true, form->contype, form->connoinherit, form->confrelid};
  ReleaseSysCache(tuple);
  return facts;
}

Oid DefaultPartitionOf(Oid parent) {
  return get_rel_relkind(parent) == RELKIND_PARTITIONED_TABLE ? get_default_partition_oid(parent) : InvalidOid;
}

}  // namespace headway::pg
