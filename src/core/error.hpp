// One error type for the whole module.
//
// Everything that goes wrong below the SQL entry points travels as core::Error: a failure of our own (an unknown
// revision) and a server error caught by the guard alike, so that nothing of a server error (SQLSTATE, DETAIL,
// HINT, CONTEXT, positions) is lost between the place where it happened and the client.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace headway::core {

// The fields of a PostgreSQL error report. Empty strings and zeros mean "not given".
struct ErrorReport {
  std::string sqlstate = "XX000";
  std::string message;
  std::string detail;
  std::string hint;
  std::string context;
  std::string schema_name;
  std::string table_name;
  std::string column_name;
  std::string datatype_name;
  std::string constraint_name;
  int cursor_position = 0;    // into the client's own query
  int internal_position = 0;  // into internal_query, in characters, from 1
  std::string internal_query;
};

// Its members are out of line: a hundred places throw one, and each would copy a dozen strings inline.
class Error : public std::exception {
 public:
  explicit Error(ErrorReport report);
  Error(std::string_view sqlstate, std::string message, std::string detail = {}, std::string hint = {});
  Error(const Error&);
  Error(Error&&) noexcept;
  Error& operator=(const Error&);
  Error& operator=(Error&&) noexcept;
  ~Error() override;

  const char* what() const noexcept override { return report_.message.c_str(); }
  const ErrorReport& report() const noexcept { return report_; }
  ErrorReport& report() noexcept { return report_; }
  bool Is(std::string_view sqlstate) const noexcept { return report_.sqlstate == sqlstate; }

 private:
  ErrorReport report_;
};

}  // namespace headway::core
