// What a backfill is to do, as its caller has said it, and the statements that are made of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pg/catalog/table_shape.hpp"

namespace headway::server {

struct BackfillDefinition {
  std::string name;
  bool named = true;  // by its caller; false: the name is made from the definition
  std::uint32_t relation = 0;
  bool deletes = false;
  std::string set_clause;
  std::string where_clause;  // empty: all rows
  std::string strategy;      // auto, key, ctid
  bool pass_over_failures = false;
  std::string revision;   // the script that it is a statement of; empty: none
  bool required = false;  // something goes on after it: it must be complete
};

// The name of a job that has been given none. `table`: as it was called when the job was begun.
std::string MakeJobName(const BackfillDefinition& definition, const std::string& table);

// Who updates: "backfill" or "delete", for messages.
const char* NounOf(const BackfillDefinition& definition);
// As the tables have it: update or delete, stop or skip.
const char* CommandOf(const BackfillDefinition& definition);
const char* OnErrorOf(const BackfillDefinition& definition);

// The statements of a walk over one table. Each clause stands on lines of its own, so that a comment at its end
// swallows nothing; both have been parsed by themselves, so that they can be nothing but what they are.
class WalkSql {
 public:
  // `target`: the table or one of its partitions; `only`: not what inherits from it.
  WalkSql(const BackfillDefinition& definition, const pg::TableShape& target, bool only);

  // " AND (where_clause)"; empty: all rows.
  const std::string& condition() const { return condition_; }
  // Whether a row matches, as an expression.
  const std::string& matches() const { return matches_; }
  const std::string& target() const { return target_; }  // for FROM and UPDATE
  const std::string& place() const { return place_; }    // the ctid of a row

  // "UPDATE target SET ..." or "DELETE FROM target", then WHERE.
  std::string Change(const std::string& where) const;
  // The same with RETURNING: whether the row still matches, then `columns`.
  std::string ChangeReturning(const std::string& where, const std::string& columns) const;
  // t."a"<suffix>, t."b"<suffix>. Qualified: an unqualified name in ORDER BY would mean the text in the select list.
  std::string KeyList(const char* suffix) const;
  // ROW(a, b) > ROW($1, $2), each parameter a text; with greater false: <=.
  std::string Compare(bool greater, std::size_t first_param) const;
  // a = $1 AND b = $2.
  std::string Equals(std::size_t first_param) const;

 private:
  const pg::TableShape& shape_;
  std::string target_;
  std::string alias_;
  std::string place_;
  std::string command_;
  std::string condition_;
  std::string matches_;
  std::string still_;
};

}  // namespace headway::server
