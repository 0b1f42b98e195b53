// CHECK constraints by what they mean: the expression as the server analyzes and stores it.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// The column of the table that the expression speaks of; empty when it is none or several.
// Throws what the server says of an expression that cannot be a CHECK. REQUIRES: a transaction; the same below.
std::string OnlyColumnOf(Oid relation, const std::string& expression);

// Whether the CHECK constraint of this name has this expression.
bool IsSameCheck(Oid relation, const std::string& name, const std::string& expression);

// For an ALTER TABLE ... ADD ... CHECK: throws what the server would say of its expression.
void RequireCheckable(const std::string& statement);

}  // namespace headway::pg
