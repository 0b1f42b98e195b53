#include "core/revision.hpp"

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"

namespace headway::core {

const char* NameOf(Direction direction) { return direction == Direction::kUpgrade ? "upgrade" : "downgrade"; }

Direction ReadDirection(std::string_view word) {
  for (const Direction direction : {Direction::kUpgrade, Direction::kDowngrade}) {
    if (word == NameOf(direction)) return direction;
  }
  throw Error(sqlstate::kInvalidParameterValue, Format("unknown direction \"%1%\"", word), {},
              "Use 'upgrade' or 'downgrade'.");
}

std::string FirstLine(const std::string& message) { return message.substr(0, message.find_first_of("\r\n")); }

}  // namespace headway::core
