// Reading a catalog of the server row by row.
//
// REQUIRES, for everything here: inside a guard. A scan that an error leaves open ends with its transaction.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_depend.h"
}

namespace headway::pg {

ScanKeyData IsOid(AttrNumber column, Oid value);
ScanKeyData IsNumber(AttrNumber column, std::int32_t value);
ScanKeyData IsLetter(AttrNumber column, char value);

// Calls visit(tuple, columns of the catalog) for each row that fits the keys. `index`: InvalidOid reads all of it.
template <class Visit>
void ForEachTuple(Oid catalog_id, Oid index, ScanKeyData* keys, int count, Visit visit) {
  Relation catalog = table_open(catalog_id, AccessShareLock);
  SysScanDesc scan = systable_beginscan(catalog, index, OidIsValid(index), nullptr, count, keys);
  while (HeapTuple tuple = systable_getnext(scan)) visit(tuple, RelationGetDescr(catalog));
  systable_endscan(scan);
  table_close(catalog, AccessShareLock);
}

template <class Visit>
void ForEachTuple(Oid catalog_id, Oid index, ScanKeyData key, Visit visit) {
  ForEachTuple(catalog_id, index, &key, 1, visit);
}

// Calls visit(row of pg_depend) for what depends on an object; of a table: on one column of it, if that is given.
template <class Visit>
void ForEachDependent(const ObjectAddress& on, Visit visit) {
  ScanKeyData keys[] = {IsOid(Anum_pg_depend_refclassid, on.classId), IsOid(Anum_pg_depend_refobjid, on.objectId),
                        IsNumber(Anum_pg_depend_refobjsubid, on.objectSubId)};
  ForEachTuple(DependRelationId, DependReferenceIndexId, keys, on.objectSubId == 0 ? 2 : 3,
               [&](HeapTuple tuple, TupleDesc) { visit(*reinterpret_cast<Form_pg_depend>(GETSTRUCT(tuple))); });
}

// The same for what an object depends on, all of its parts.
template <class Visit>
void ForEachReferenced(const ObjectAddress& by, Visit visit) {
  ScanKeyData keys[] = {IsOid(Anum_pg_depend_classid, by.classId), IsOid(Anum_pg_depend_objid, by.objectId)};
  ForEachTuple(DependRelationId, DependDependerIndexId, keys, 2,
               [&](HeapTuple tuple, TupleDesc) { visit(*reinterpret_cast<Form_pg_depend>(GETSTRUCT(tuple))); });
}

}  // namespace headway::pg
