// Building an index while others read and write, for whatever needs one: plain, UNIQUE, PRIMARY KEY.
//
// On a plain table: CREATE INDEX CONCURRENTLY, and a constraint takes the index over. On a partitioned one the server
// knows no CONCURRENTLY: the index is made on the parent alone, which costs nothing and leaves it invalid, then built
// concurrently on each partition and attached. With the last one the parent's becomes valid.
#pragma once

#include <string>
#include <vector>

#include "operations/catalog.hpp"
#include "operations/operation_call.hpp"

namespace headway::operations {

struct IndexRequest {
  Table table;
  std::string name;  // of the index and of the constraint
  // A partition's index is named after these, as the server does: partition_COLUMNS_SUFFIX.
  std::string columns;
  std::string suffix;
  std::string definition;  // what stands behind the table's name in CREATE INDEX
  bool unique = false;
  std::vector<std::string> keys;  // columns of the key; expressions are none of them
  bool only_columns = true;       // no expression in it, no condition

  // Only of a constraint.
  std::string kind;        // UNIQUE or PRIMARY KEY; empty: just an index
  std::string constraint;  // UNIQUE (a, b) DEFERRABLE, as the server shows it
  std::string clause;      // what was written behind UNIQUE
  std::string attributes;  // DEFERRABLE ..., with a space in front

  bool has_constraint() const { return !kind.empty(); }
};

// Of safe_add_unique() and safe_add_primary_key(), which have the same arguments; `kind`: UNIQUE or PRIMARY KEY.
IndexRequest KeyRequest(const OperationCall& call, const std::string& kind);

// Throws 42P16 when the table or a partition has a primary key that is not the one asked for. REQUIRES: an open unit.
void RefuseOtherPrimaryKey(const IndexRequest& request);

// Phases that build it, with its constraint. REQUIRES: an open unit.
void AppendIndex(engine::PhasedOperation& operation, const IndexRequest& request);

}  // namespace headway::operations
