// The text of an index or a CHECK with one column put in the place of another.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// `statement`: a CREATE INDEX or an ALTER TABLE ... ADD ... CHECK, as the server writes them (columns not qualified).
// Every reference to `column` becomes one to `other`; strings, functions and options of the same name do not.
std::string ReplaceColumn(const std::string& statement, const std::string& column, const std::string& other);

}  // namespace headway::pg
