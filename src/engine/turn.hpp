// Waiting for one's turn: runs of a database, and operations on a table, come one after the other.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/ports.hpp"

namespace headway::engine {

// What messages say of the others: "another migration run is in progress in this database".
struct TurnTexts {
  std::string taken;
  std::string waiting;  // "waiting for another migration run to end"
};

// A session that owns its transactions waits up to `longest_ms` with nothing open: a CREATE INDEX CONCURRENTLY over
// there would wait for our transaction. In the caller's transaction it cannot let go of that, so it does not wait.
void WaitForTurn(Session& session, Mutex& lock, Clock& clock, Reporter& reporter, std::int64_t longest_ms,
                 const TurnTexts& texts);

// The same without a session, by whoever has nothing open anyway. `look` tells who has the turn; nothing: it is ours
// now.
void WaitForTurn(Clock& clock, Reporter& reporter, std::int64_t longest_ms, const TurnTexts& texts,
                 const std::function<std::optional<std::string>()>& look);

// The texts for the runs of a database.
TurnTexts RunnerTexts();

}  // namespace headway::engine
