// SQL functions for src/pg/lock_poll.cpp: test/module/sql/lock_poll.sql calls them.
#include "pg/lock_poll.hpp"

namespace pg = headway::pg;

extern "C" {
PG_FUNCTION_INFO_V1(lock_poll_try);
}

// Takes the locks of a statement: what it says is "taken", or the first lock that was not to be had.
Datum lock_poll_try(PG_FUNCTION_ARGS) {
  return pg::AtBoundary([&] {
    char* statement = pg::Guarded([&] { return text_to_cstring(PG_GETARG_TEXT_PP(0)); });
    const pg::LockTry attempt = pg::TryLocksOf(statement);
    std::string answer = "taken";
    if (!attempt.taken) {
      char* name = pg::Guarded([&] { return get_rel_name(attempt.missing.at(0).relation); });
      answer = pg::LockModeName(attempt.missing.at(0).mode) + " on " + (name == nullptr ? "?" : name);
    }
    return pg::Guarded([&] { return PointerGetDatum(cstring_to_text(answer.c_str())); });
  });
}
