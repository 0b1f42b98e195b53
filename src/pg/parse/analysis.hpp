// Parse analysis without running anything: errors in names, types and privileges come out before the work begins.
#pragma once

#include <string>

namespace headway::pg {

// Of a whole statement. REQUIRES: a transaction.
void RequireAnalyzable(const std::string& statement);
// The same, and the privileges that it takes. REQUIRES: it is one that EXPLAIN explains.
void RequirePermitted(const std::string& statement);

}  // namespace headway::pg
