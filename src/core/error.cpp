#include "core/error.hpp"

#include <utility>

namespace headway::core {

Error::Error(ErrorReport report) : report_(std::move(report)) {}

Error::Error(std::string_view sqlstate, std::string message, std::string detail, std::string hint) {
  report_.sqlstate = sqlstate;
  report_.message = std::move(message);
  report_.detail = std::move(detail);
  report_.hint = std::move(hint);
}

Error::Error(const Error&) = default;
Error::Error(Error&&) noexcept = default;
Error& Error::operator=(const Error&) = default;
Error& Error::operator=(Error&&) noexcept = default;
Error::~Error() = default;

}  // namespace headway::core
