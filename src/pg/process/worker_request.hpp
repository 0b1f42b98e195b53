// What a worker is asked to do.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace headway::pg {

// A verb and its arguments, in an order that the verb knows.
struct WorkerRequest {
  std::string verb;
  std::vector<std::optional<std::string>> arguments;
};

}  // namespace headway::pg
