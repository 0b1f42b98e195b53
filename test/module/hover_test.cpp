// SQL functions for src/pg/locks/lock_try.cpp and src/pg/locks/hover.cpp: test/module/sql/hover.sql calls them.
#include "pg/locks/hover.hpp"
#include "pg/entry_point.hpp"

namespace pg = headway::pg;

extern "C" {
PG_FUNCTION_INFO_V1(hover_try_locks);
}

// Takes the locks of a statement: what it says is "taken", or the first lock that was not to be had.
Datum hover_try_locks(PG_FUNCTION_ARGS) {
  return pg::AtBoundary([&] {
    char* statement = pg::Guarded([&] { return text_to_cstring(PG_GETARG_TEXT_PP(0)); });
    const pg::HoverResult attempt = pg::HoverFor(statement, 0);
    std::string answer = "taken";
    if (attempt.end != pg::HoverEnd::kTaken) {
      char* name = pg::Guarded([&] { return get_rel_name(attempt.missing.relation); });
      answer = pg::LockModeName(attempt.missing.mode) + " on " + (name == nullptr ? "?" : name);
    }
    return pg::Guarded([&] { return PointerGetDatum(cstring_to_text(answer.c_str())); });
  });
}
