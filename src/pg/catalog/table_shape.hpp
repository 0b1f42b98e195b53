// What a backfill needs to know of a table: whether it may be updated in batches, and what it can be walked by.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

struct KeyColumn {
  std::string name;         // as it is, not quoted
  std::string type;         // schema-qualified, with its modifier
  std::string collation;    // schema-qualified; empty: none
  std::string greater;      // OPERATOR(schema.>) of the index's own operator family
  std::string not_greater;  // <=
  std::string equal;
  std::vector<std::string> generated_from;  // the columns that it is computed from; empty: it is not
};

using TableKey = std::vector<KeyColumn>;

// One text for each column, with all that decides about the order of the key.
std::vector<std::string> DescribeKey(const TableKey& key);

struct TableShape {
  Oid oid = 0;
  std::string qualified_name;
  char kind = 'r';
  bool temporary = false;
  bool has_children = false;
  bool is_catalog = false;
  bool is_heap = false;        // stored by the heap access method: a ctid is a page and an item on it
  TableKey key;                // the first of the next; empty: none
  std::vector<TableKey> keys;  // of unique indexes without NULLs, the primary key first
  std::int64_t estimated_rows = 0;
  std::int64_t pages = 0;  // of the main fork, now
};

// REQUIRES: a transaction. Locks nothing for longer than the look.
TableShape DescribeTable(Oid relation);

// The tables that hold the rows: the table itself, its partitions, its children. A foreign one among them has kind 'f'.
std::vector<Oid> TablesOf(Oid relation);
// Citus distributes its rows: they are on other servers, and a place means nothing without one.
bool IsDistributed(Oid relation);
// Throws what the server says of an UPDATE of a published table that has no replica identity.
void RequireReplicaIdentity(Oid relation);
// Whether NOT NULL of a column is a constraint in the catalogs, which may be NOT VALID: from PostgreSQL 18 on.
bool NotNullIsConstraint();
// Those that decide in which partition a row is, on all levels.
std::vector<std::string> PartitionColumns(Oid relation);

}  // namespace headway::pg
