#include "pg/catalog/index_list.hpp"

#include "pg/postgres.hpp"

extern "C" {
#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/indexing.h"
}

namespace headway::pg {

List* IndexesOf(Oid table) {
  List* indexes = NIL;
  ScanKeyData key;
  ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
  Relation catalog = table_open(IndexRelationId, AccessShareLock);
  SysScanDesc scan = systable_beginscan(catalog, IndexIndrelidIndexId, true, nullptr, 1, &key);
  while (HeapTuple tuple = systable_getnext(scan)) {
    indexes = lappend_oid(indexes, reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple))->indexrelid);
  }
  systable_endscan(scan);
  table_close(catalog, AccessShareLock);
  return indexes;
}

}  // namespace headway::pg
