// What to do about an error of the server's in a script, where the server itself does not say and we have the way out.
#pragma once

#include <string>

#include "core/error.hpp"
#include "core/statement.hpp"

namespace headway::core {

// For the HINT; empty: nothing to add.
std::string AdviceOn(const ErrorReport& report, const Statement& statement);

}  // namespace headway::core
