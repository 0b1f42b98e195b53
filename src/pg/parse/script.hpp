// Reading a revision's script with the server's own parser.
//
// A script means the same whoever registers or runs it, and whatever it has set before: strings are always read as
// standard_conforming_strings = on says, when the script is split and when a statement of it is run.
#pragma once

#include "core/statement.hpp"
#include "pg/types.hpp"

namespace headway::pg {

// Splits and classifies a script. Refuses what no script may contain: transaction control but for BEGIN and COMMIT
// around all of it, COPY from or to the client. A syntax error comes with its statement (internal query and position);
// `what` names the script in messages: "upgrade of revision def456". A byte order mark and pg_dump's \restrict are
// skipped.
// `quiet`: without the notices of the parser.
core::Script ParseScript(const std::string& text, const std::string& what, bool quiet = true);

// Whether a function commits by itself: a statement that is one call of it runs at top level. To be told at load time.
using OwnTransactionsTest = bool (*)(std::string_view function);
void SetOwnTransactionsTest(OwnTransactionsTest test);

// Throws kScriptRefused for what cannot run in one transaction: a new enum value used in the one that adds it.
void RefuseUnusable(const core::Script& script, const std::string& what);

// Whether two scripts are the same statements; white space, comments and line ends do not count, nor do BEGIN and
// COMMIT around all of it.
bool SameScript(const std::string& left, const std::string& right);
// With how many equal statements both begin.
std::int64_t CountEqualStatements(const std::string& left, const std::string& right);

}  // namespace headway::pg
