// What stands around a call that is not a statement of its own, and what its caller can do about it.
#pragma once

#include <string>

namespace headway::core {

struct Surroundings {
  std::string why;           // a sentence for a DETAIL; empty: the call is a statement of its own
  std::string remedy;        // a sentence for a HINT
  bool by_accident = false;  // a setting of the session's, or of its client, which few know of
};

}  // namespace headway::core
