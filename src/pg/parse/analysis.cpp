#include "pg/parse/analysis.hpp"

#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"

namespace headway::pg {

void RequireAnalyzable(const std::string& statement) {
  GuardedIn(statement, [&] {
    List* trees = raw_parser(statement.c_str(), RAW_PARSE_DEFAULT);
    PushActiveSnapshot(GetTransactionSnapshot());
    pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, trees), statement.c_str(), nullptr, 0, nullptr);
    PopActiveSnapshot();
  });
}

void RequirePermitted(const std::string& statement) {
  RequireAnalyzable(statement);
  (void)RunQuery("EXPLAIN (COSTS OFF) " + statement);
}

}  // namespace headway::pg
