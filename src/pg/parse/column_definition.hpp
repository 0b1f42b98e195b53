// What is written behind ADD COLUMN, read with the server's parser and taken apart.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// What cannot be added but by rewriting the table, or by building an index, under ACCESS EXCLUSIVE.
enum class ColumnObstacle { kNone, kUnique, kPrimaryKey, kSerial, kIdentity, kGenerated, kDomain, kNoInherit };

struct ColumnConstraint {
  std::string name;  // empty: none is given
  std::string text;  // of a CHECK the expression, of REFERENCES all that is behind it
};

struct ColumnDefinition {
  std::string name;
  std::string type;           // as it is written, with COLLATE and the like
  std::string cast_type;      // the same for a cast
  std::string default_value;  // as it is written; empty: none
  bool default_is_null = false;
  // The server evaluates any other default once, and keeps the value beside the table.
  bool default_is_volatile = false;
  bool not_null = false;
  std::vector<ColumnConstraint> checks;
  std::vector<ColumnConstraint> references;
  ColumnObstacle obstacle = ColumnObstacle::kNone;
};

// Throws when the text is anything more than one column, and what the server says of its type and default.
// REQUIRES: a transaction; the same below.
ColumnDefinition ReadColumn(const std::string& definition);

struct ColumnMatch {
  bool type = false;
  bool collation = false;
  bool default_value = false;
  bool computed = false;  // an identity column, or a generated one
};

// How the column that the table has fits the definition; nothing: it has none of that name.
std::optional<ColumnMatch> MatchColumn(Oid relation, const std::string& definition);

}  // namespace headway::pg
