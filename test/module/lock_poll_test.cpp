// SQL functions for src/pg/locks/lock_poll.cpp and src/pg/locks/hover.cpp: test/module/sql/lock_poll.sql calls them.
#include "pg/entry_point.hpp"
#include "pg/locks/hover.hpp"

namespace pg = headway::pg;

extern "C" {
PG_FUNCTION_INFO_V1(lock_poll_try);
}

// Takes the locks of a statement: what it says is "taken", or the first lock that was not to be had.
Datum lock_poll_try(PG_FUNCTION_ARGS) {
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
