#include "pg/clause.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"

namespace headway::pg {

using core::Format;

List* ParseClause(const std::string& prefix, const std::string& clause, const char* argument) {
  const std::string text = prefix + clause;
  try {
    return Guarded([&] { return raw_parser(text.c_str(), RAW_PARSE_DEFAULT); });
  } catch (core::Error& error) {
    core::ErrorReport& report = error.report();
    const int position = report.cursor_position - static_cast<int>(prefix.size());
    if (position > 0) {
      report.internal_query = clause;
      report.internal_position = position;
      report.cursor_position = 0;
    }
    report.context = Format("argument \"%1%\"", argument);
    throw;
  }
}

void ThrowClause(const char* argument, const char* must_be, const std::string& text, const std::string& hint) {
  throw core::Error(core::sqlstate::kSyntaxError, Format("%1% must be %2% and nothing else", argument, must_be),
                    Format("Given: %1%", text), hint);
}

}  // namespace headway::pg
