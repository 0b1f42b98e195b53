// The one door to Boost.Format: positional templates ("%1% is not a %2%"), checked by a unit test for arity.
#pragma once

#include <boost/format.hpp>
#include <string>

namespace headway::core {

// Fills a template. Throws boost::io::format_error when the number of arguments does not fit the template; the
// SQL boundary turns that into an internal error, never a crash.
template <class... Args>
std::string Format(const char* pattern, const Args&... args) {
  boost::format filled(pattern);
  (void)(filled % ... % args);
  return filled.str();
}

}  // namespace headway::core
