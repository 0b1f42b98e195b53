#include "pg/catalog/index_list.hpp"

#include "pg/catalog/catalog_scan.hpp"
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
  ForEachTuple(IndexRelationId, IndexIndrelidIndexId, IsOid(Anum_pg_index_indrelid, table),
               [&](HeapTuple tuple, TupleDesc) {
                 indexes = lappend_oid(indexes, reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple))->indexrelid);
               });
  return indexes;
}

}  // namespace headway::pg
