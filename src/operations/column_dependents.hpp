// What hangs on a column and has to be made again when another column takes its place.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "operations/catalog.hpp"

namespace headway::operations {

// A column, by its number too: names change hands.
struct ColumnId {
  std::uint32_t table = 0;
  int number = 0;
  std::string name;
};
ColumnId RequireColumnId(const Table& table, const std::string& name);

struct DependentIndex {
  std::string oid;
  std::string schema;
  std::string name;
  std::string definition;  // CREATE INDEX ..., as the server writes it
  bool unique = false;
  bool clustered = false;
  bool replica_identity = false;
  std::string constraint;  // that it backs: PRIMARY KEY or UNIQUE, with its deferral; empty: none
  std::string key;         // "PRIMARY KEY" or "UNIQUE" then
  std::string deferral;    // " DEFERRABLE INITIALLY DEFERRED" or so
};
// The valid ones, in a fixed order; the same for all below.
std::vector<DependentIndex> DependentIndexes(const ColumnId& column);

struct DependentConstraint {
  std::string oid;
  std::string name;
  Table table;  // that it is a constraint of: for a foreign key perhaps another one
  bool validated = false;
  std::string definition;  // a CHECK's as the server writes it, a foreign key's with `other` in the column's place
};
std::vector<DependentConstraint> DependentChecks(const ColumnId& column);
std::vector<DependentConstraint> DependentForeignKeys(const ColumnId& column, const std::string& other);

// What hangs on it besides and cannot be made again, as messages list it: "policy p on table t". Its DEFAULT, sequence,
// indexes, CHECKs and foreign keys are none of that, nor is what belongs to these views.
std::vector<std::string> Obstacles(const ColumnId& column, const std::set<std::uint32_t>& views);

struct ColumnDetails {
  std::optional<std::string> default_expression;
  std::optional<std::string> comment;
  std::optional<std::string> statistics;  // its target, when it has one
  bool not_null = false;
  std::string not_null_name;  // of its constraint; empty: it has none
  NotNullKind not_null_kind;
  std::optional<std::string> not_null_comment;
  bool generated = false;
  char identity = '\0';  // a ALWAYS, d BY DEFAULT
};
ColumnDetails DescribeColumn(const ColumnId& column);
// What makes another column of the table be stored as this one is, as far as its type can: STORAGE, COMPRESSION, and
// the options n_distinct and n_distinct_inherited. Actions of an ALTER TABLE; empty: it is already.
std::string StorageActions(const ColumnId& column, const ColumnId& other);
// GRANT SELECT (column) ON table TO role, one for each privilege on the column.
std::vector<std::string> Grants(const ColumnId& column);

struct OwnedSequence {
  std::string schema;
  std::string name;
  std::string type;  // smallint, integer, bigint
  std::string increment, minimum, maximum, start, cache;
  bool cycles = false;
};
std::optional<OwnedSequence> FindOwnedSequence(const ColumnId& column);

}  // namespace headway::operations
