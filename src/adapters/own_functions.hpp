// The functions of the extension, as the catalogs have them.
#pragma once

#include <string>
#include <vector>

namespace headway::server {

struct OwnFunction {
  std::string schema;  // quoted as needed
  std::string name;
  std::string signature;  // schema.name(types), quoted as needed
  bool visible = false;   // the search_path finds it by its name
};

// Those that users call, by name: no trigger functions. REQUIRES: a transaction.
std::vector<OwnFunction> OwnFunctions();

}  // namespace headway::server
