#include "pg/catalog/storage.hpp"

#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/postgres.hpp"

extern "C" {
#include "access/relation.h"
#include "access/sysattr.h"
#include "nodes/readfuncs.h"
#include "optimizer/optimizer.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
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

bool MayBeHot(Oid table, const std::vector<std::string>& columns) {
  return Guarded([&] {
    Relation opened = relation_open(table, AccessShareLock);
    Bitmapset* changed = nullptr;
    for (const std::string& column : columns) {
      const AttrNumber number = get_attnum(table, column.c_str());
      if (number != InvalidAttrNumber) changed = bms_add_member(changed, number - FirstLowInvalidHeapAttributeNumber);
    }
    const TupleConstr* rules = RelationGetDescr(opened)->constr;
    for (int i = 0; rules != nullptr && i < rules->num_defval; ++i) {
      const AttrDefault& rule = rules->defval[i];
      if (TupleDescAttr(RelationGetDescr(opened), rule.adnum - 1)->attgenerated == '\0') continue;
      Bitmapset* sources = nullptr;
      pull_varattnos(static_cast<Node*>(stringToNode(rule.adbin)), 1, &sources);
      if (bms_overlap(sources, changed)) {
        changed = bms_add_member(changed, rule.adnum - FirstLowInvalidHeapAttributeNumber);
      }
    }
    const bool indexed = bms_overlap(changed, RelationGetIndexAttrBitmap(opened, compat::kHotBlocking));
    relation_close(opened, AccessShareLock);
    return !indexed;
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
