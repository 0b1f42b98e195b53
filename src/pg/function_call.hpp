// Arguments in, rows out: what every entry point needs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pg/spi.hpp"
#include "pg/types.hpp"

namespace headway::pg {

// A text argument that must not be NULL; `name` as the user knows it.
std::string TextArgument(FunctionCallInfo call, int index, const char* name);
std::optional<std::string> OptionalText(FunctionCallInfo call, int index);
Oid OidArgument(FunctionCallInfo call, int index, const char* name);
bool BooleanArgument(FunctionCallInfo call, int index, bool when_null);
std::optional<std::int64_t> OptionalInteger(FunctionCallInfo call, int index);
std::optional<double> OptionalReal(FunctionCallInfo call, int index);
// An interval in milliseconds, a month being 30 days; `name` as the user knows it.
std::optional<std::int64_t> OptionalMilliseconds(FunctionCallInfo call, int index, const char* name);

// The same of a text; nothing when it is no interval.
std::optional<std::int64_t> MillisecondsOf(const std::string& interval, const char* name);

// The name of the SQL function that is called, and all its arguments as texts; a regclass as its oid.
std::string CalledFunction(FunctionCallInfo call);
std::vector<Field> ArgumentTexts(FunctionCallInfo call);

// The rows of a set-returning function, given as texts in the order of its result columns.
class RowWriter {
 public:
  explicit RowWriter(FunctionCallInfo call);
  void Put(const std::vector<Field>& fields);

 private:
  AttInMetadata* metadata_ = nullptr;
  Tuplestorestate* store_ = nullptr;
};

inline Field Truth(bool value) { return std::string(value ? "t" : "f"); }

}  // namespace headway::pg
