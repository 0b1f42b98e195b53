// What changing the type of a column comes to: a change of the catalogs, or every row rewritten.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

struct TypeChange {
  std::string type;               // as format_type() writes it, with its modifier
  bool same = false;              // it has that type and collation already
  bool rewrites = false;          // values are to be converted or checked
  bool castable = true;           // the server converts by itself; else an expression is needed
  std::string checked_domain_of;  // the base type, when it is a domain with constraints; else empty
};

// `type`: what stands behind TYPE in ALTER COLUMN, a COLLATE included; refuses anything else behind it.
// REQUIRES: a transaction.
TypeChange DescribeTypeChange(Oid relation, const std::string& column, const std::string& type);

}  // namespace headway::pg
