// The other side of pg/guard: what the server calls.
//
// AtBoundary(f) wraps the body of every function that the server calls. Whatever leaves the body, a core::Error,
// bad_alloc or anything else, becomes an ereport(ERROR), after all destructors have run and the catch block has been
// left.
#pragma once

#include "pg/guard.hpp"
#include "pg/postgres.hpp"

namespace headway::pg {

// The body of an SQL-callable function.
template <class Body>
Datum AtBoundary(Body&& body) {
  Datum result = 0;
  ErrorData* error = nullptr;
  {
    std::optional<core::ErrorReport> failure;
    if (!Contained([&] { result = body(); }, failure)) error = ToErrorData(*failure, ERROR);
  }
  if (error != nullptr) ThrowErrorData(error);
  return result;
}

}  // namespace headway::pg

// Declares the C entry point of an SQL function `name` with the body that follows; `fcinfo` is its only name.
#define HEADWAY_FUNCTION(name)                                           \
  static Datum name##_body(FunctionCallInfo fcinfo);                     \
  extern "C" {                                                           \
  PG_FUNCTION_INFO_V1(name);                                             \
  Datum name(PG_FUNCTION_ARGS) {                                         \
    return headway::pg::AtBoundary([&] { return name##_body(fcinfo); }); \
  }                                                                      \
  }                                                                      \
  static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
