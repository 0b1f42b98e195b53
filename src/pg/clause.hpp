// Parsing what is only a part of a statement, as an argument of ours is.
#pragma once

#include "pg/guard.hpp"

namespace headway::pg {

// The raw statements of `prefix` with `clause` behind it. A syntax error is shown in the clause's own text, under the
// argument's name. REQUIRES: a prefix of ASCII.
List* ParseClause(const std::string& prefix, const std::string& clause, const char* argument);

// Throws 42601: the argument must be this (one expression, say) and nothing else.
[[noreturn]] void ThrowClause(const char* argument, const char* must_be, const std::string& text,
                              const std::string& hint = {});

}  // namespace headway::pg
