// What a statement is: its raw parse tree read once, into what core knows of it.
#pragma once

#include "core/statement.hpp"
#include "pg/postgres.hpp"

namespace headway::pg {

// All of a Statement but its text and place. Whether a function commits by itself is asked of `commits_by_itself`.
core::Statement ReadStatement(Node* tree, bool (*commits_by_itself)(std::string_view function));

// The clauses of ALTER statements, and the elements of CREATE TABLE.
void ReadActions(Node* tree, core::Statement& statement);

core::ObjectName NameOf(const RangeVar* name);  // empty: null
core::ObjectName NameOf(const List* parts);     // of Strings

// What has an entry in pg_class and is named like a table.
bool IsRelationType(ObjectType type);

// Whether an option in parentheses is given, and true: (CONCURRENTLY, FULL false). REQUIRES: inside a guard.
bool HasTrueOption(const List* options, const char* name);

}  // namespace headway::pg
