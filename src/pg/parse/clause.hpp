// Parts of statements that a user gives as text: parsed by themselves, so that they can be nothing but what they are.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// The raw parse of prefix + clause. A syntax error is shown in the clause's own text; `argument`: what it was given as.
List* ParseClause(const std::string& prefix, const std::string& clause, const char* argument);
// The same for what stands behind "ALTER TABLE t " (kAlterTable): its one command, or a null pointer when it is
// anything else.
inline constexpr char kAlterTable[] = "ALTER TABLE t ";
const AlterTableCmd* ParseAlterClause(const std::string& prefix, const std::string& clause, const char* argument);

// 42601: "definition must be one column and nothing else".
[[noreturn]] void ThrowClause(const char* argument, const char* must_be, const std::string& text,
                              const std::string& hint = {});

// The columns that a list of assignments sets; refuses anything that is not just assignments.
std::vector<std::string> AssignedColumns(const std::string& set_clause);
// Refuses anything that is not a single expression; `argument`: what it was given as.
void RequireExpression(const std::string& text, const char* argument);

// A list of String nodes.
std::vector<std::string> NamesOf(const List* strings);

// What is behind the first token of the text that is this word; empty: there is no such token. REQUIRES: `keyword` is
// reserved, so that it can be no name.
std::string BehindKeyword(const std::string& text, const char* keyword);
// What is between the first opening and the last closing parenthesis that are tokens. REQUIRES: there are such.
std::string BetweenParentheses(const std::string& text);

}  // namespace headway::pg
