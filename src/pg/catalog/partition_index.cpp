#include "pg/catalog/partition_index.hpp"

#include "pg/compat.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "access/attmap.h"
#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "utils/rel.h"
#include "utils/relcache.h"
}

namespace headway::pg {

namespace {

constexpr int kMostIndexes = 1000;

struct Found {
  PartitionIndex items[kMostIndexes];
  int count;
};

// An index of the parent with what it takes to compare others with it.
struct Model {
  Relation index;
  IndexInfo* info;
  AttrMap* columns;
  bool has_constraint;
};

// As the server compares them when one is attached; the order, which it does not look at, as well.
bool IsLike(const Model& model, Relation index) {
  IndexInfo* info = BuildIndexInfo(index);
  if (!CompareIndexInfo(info, model.info, index->rd_indcollation, model.index->rd_indcollation, index->rd_opfamily,
                        model.index->rd_opfamily, model.columns)) {
    return false;
  }
  for (int i = 0; i < info->ii_NumIndexKeyAttrs; ++i) {
    if (index->rd_indoption[i] != model.index->rd_indoption[i]) return false;
  }
  return true;
}

bool HasConstraint(Relation index) {
  return OidIsValid(get_relation_idx_constraint_oid(index->rd_index->indrelid, RelationGetRelid(index)));
}

// UNIQUE is not PRIMARY KEY, and DEFERRABLE goes with neither of those that are not.
bool IsLikeConstraint(const Model& model, Relation index) {
  return index->rd_index->indisprimary == model.index->rd_index->indisprimary &&
         index->rd_index->indimmediate == model.index->rd_index->indimmediate;
}

void Look(const Model& model, Relation partition, Found* found) {
  ListCell* cell;
  foreach (cell, RelationGetIndexList(partition)) {
    if (has_superclass(lfirst_oid(cell)) || found->count == kMostIndexes) continue;
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    const bool has_constraint = HasConstraint(index);
    if (IsLike(model, index) && (!model.has_constraint || !has_constraint || IsLikeConstraint(model, index))) {
      found->items[found->count++] = {RelationGetRelid(index), index->rd_index->indisvalid, has_constraint};
    }
    index_close(index, AccessShareLock);
  }
}

// REQUIRES: inside a guard.
Found* Find(Oid parent_index, Oid partition_oid) {
  auto* found = static_cast<Found*>(palloc0(sizeof(Found)));
  Model model;
  model.index = index_open(parent_index, AccessShareLock);
  model.has_constraint = HasConstraint(model.index);
  model.info = BuildIndexInfo(model.index);
  Relation parent = table_open(model.index->rd_index->indrelid, AccessShareLock);
  Relation partition = table_open(partition_oid, AccessShareLock);
  model.columns = compat::MapColumns(RelationGetDescr(partition), RelationGetDescr(parent));
  Look(model, partition, found);
  table_close(partition, AccessShareLock);
  table_close(parent, AccessShareLock);
  index_close(model.index, AccessShareLock);
  return found;
}

}  // namespace

std::vector<PartitionIndex> IndexesLike(Oid parent_index, Oid partition) {
  const Found* found = Guarded([&] { return Find(parent_index, partition); });
  return {found->items, found->items + found->count};
}

}  // namespace headway::pg
