// Running a script's statement the way a client's own statement runs: analyzed, planned and put through a portal.
//
// SPI cannot run CONCURRENTLY and the like: it says "not top level". This can.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// Runs one statement to its end; rows it returns are discarded.
// REQUIRES: a transaction is open. `top_level` may be true only when no caller's statement is around it.
void RunStatement(const std::string& text, bool top_level);

}  // namespace headway::pg
