// What the operations look up of tables, columns and constraints. REQUIRES, of all: an open unit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace headway::operations {

// Of an oid as a query returns it.

struct Table {
  std::uint32_t oid = 0;
  std::string name;       // schema.name, quoted as needed
  std::string last_name;  // without the schema, as it is
  bool partitioned = false;
};

// Throws when it is gone, is not a table, is temporary or a system catalog.
Table RequireTable(std::uint32_t relation);
// The same, or a materialized view: what indexes can be on.
Table RequireIndexed(std::uint32_t relation);

// The oids of the table and of what is below it, its partitions or those that inherit from it, at all levels.
std::vector<std::string> TreeOf(const Table& table);

struct Column {
  std::string name;       // as it is
  std::string type;       // schema-qualified where needed, with its modifier
  bool not_null = false;  // and every row has been looked at
  int number = 0;
};

std::optional<Column> FindColumn(const Table& table, const std::string& name);
// Throws when there is none.
Column RequireColumn(const Table& table, const std::string& name);

struct Constraint {
  std::string name;
  char kind = '\0';  // c check, f foreign key, n not null, p primary key, u unique, ...
  bool validated = false;
  std::string definition;
};

std::optional<Constraint> FindConstraint(const Table& table, const std::string& name);
std::optional<Constraint> FindPrimaryKey(const Table& table);
// The name of a CHECK that says no more than that the column is not NULL, the one of this name first.
std::optional<Constraint> FindNotNullCheck(const Table& table, const std::string& column, const std::string& name);
// Where the server knows these of NOT NULL.
struct NotNullKind {
  bool no_inherit = false;
  bool validated = true;
};
// NOT NULL of a column as a constraint, where the server has them.
std::optional<Constraint> FindNotNull(const Table& table, const std::string& column);
// The first of the table and those below it whose NOT NULL of the column is not validated, leaves before their parents;
// with the constraint's name there.
struct ConstraintOf {
  Table table;
  std::string name;
};
std::optional<ConstraintOf> FirstNotNullToValidate(const Table& table, const std::string& column);
// The first of the table and those below it whose constraint of this name is not validated, leaves before their
// parents; nothing: none.
std::optional<Table> FirstNotValidated(const Table& table, const std::string& constraint);

// Whether an index of this name is there and is not INVALID.
bool IsValidIndex(const std::string& schema, const std::string& name);
// The tables that hold the rows: the table itself, or the leaves of a partitioned one, lowest OID first.
std::vector<Table> TablesWithRows(const Table& table);

}  // namespace headway::operations
