// Whether a statement is certain to use a value of an enum when it runs.
#pragma once

#include "core/statement.hpp"

namespace headway::pg {

// Whether the statement casts the constant to the type, or makes a column of the type that has it as default. What a
// function's body does, and what a plain constant is compared with, only the server knows.
bool CastsToEnumValue(const std::string& statement, const core::ObjectName& type, const std::string& value);

}  // namespace headway::pg
