// Which indexes of a partition can be attached to an index of its parent.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

struct PartitionIndex {
  Oid index = kNoOid;
  bool valid = false;
  bool has_constraint = false;  // it belongs to a UNIQUE or PRIMARY KEY
};

// The indexes of the partition that are just like the parent's and not attached to any. REQUIRES: a transaction.
std::vector<PartitionIndex> IndexesLike(Oid parent_index, Oid partition);

}  // namespace headway::pg
