#include "pg/catalog/storage.hpp"

#include "pg/guard.hpp"
#include "pg/postgres.hpp"

extern "C" {
#include "access/relation.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"
}

namespace headway::pg {

std::uint64_t StorageOf(Oid relation) {
  return Guarded([&]() -> std::uint64_t {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple)) return 0;
    const std::uint64_t file = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relfilenode;
    ReleaseSysCache(tuple);
    return file;
  });
}

bool HoldsEarlierRows(Oid relation) {
  return Guarded([&] {
    Relation opened = relation_open(relation, AccessShareLock);
    const bool made_here = opened->rd_createSubid != InvalidSubTransactionId;
    const bool holds =
        !made_here && RELKIND_HAS_STORAGE(opened->rd_rel->relkind) && RelationGetNumberOfBlocks(opened) > 0;
    relation_close(opened, NoLock);
    return holds;
  });
}

}  // namespace headway::pg
