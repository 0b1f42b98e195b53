// What is written behind FOREIGN KEY, read with the server's parser.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

struct ForeignKey {
  std::vector<std::string> columns;
  Oid referenced = kNoOid;
  std::vector<std::string> referenced_columns;  // empty: those of the primary key
  // As in pg_constraint.
  char on_update = 'a';
  char on_delete = 'a';
  char match = 's';
  std::vector<std::string> set_columns;  // of ON DELETE SET NULL (...)
  bool deferrable = false;
  bool deferred = false;
};

// The referenced table is found by the search_path. Throws when the definition is anything more than one foreign key,
// says NOT VALID, or names a table that does not exist. REQUIRES: a transaction.
ForeignKey ReadForeignKey(const std::string& definition);

}  // namespace headway::pg
