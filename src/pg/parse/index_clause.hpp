// What stands behind the table's name in CREATE INDEX, and behind UNIQUE or PRIMARY KEY in a constraint of a table:
// parsed by itself before it becomes part of a statement, so that it can mean nothing else there.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// '(lower(title)) INCLUDE (id) WHERE published', 'USING gin (tags)'
struct IndexClause {
  std::vector<std::string> labels;  // of its columns, INCLUDE too, as the server names an index after them
  std::vector<std::string> keys;    // the key's columns; an expression is none of them
  bool only_columns = true;         // no expression, no condition
};
// Throws 42601.
IndexClause ParseIndexClause(const std::string& definition);

// '(a, b) INCLUDE (c) DEFERRABLE', 'NULLS NOT DISTINCT (a)'
struct KeyClause {
  std::vector<std::string> keys;
  std::vector<std::string> included;
  std::string constraint;  // as the server shows the constraint: UNIQUE (a, b) INCLUDE (c) DEFERRABLE
  std::string index;       // what stands behind the table's name in CREATE UNIQUE INDEX
  std::string attributes;  // DEFERRABLE INITIALLY DEFERRED, with a space in front; may be empty
};
// `kind`: UNIQUE or PRIMARY KEY. Throws 42601.
KeyClause ParseKeyClause(const std::string& definition, const std::string& kind);

// The labels as they stand in the name of an index.
std::string JoinLabels(const std::vector<std::string>& labels);

}  // namespace headway::pg
