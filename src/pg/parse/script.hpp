// Reading a revision's script with the server's own parser.
//
// A script means the same whoever registers or runs it, and whatever it has set before: strings are always read as
// standard_conforming_strings = on says, when the script is split and when a statement of it is run.
#pragma once

#include "core/statement.hpp"
#include "pg/types.hpp"

namespace headway::pg {

// The raw parse trees of a script or of one statement of it, in the current memory context. REQUIRES: inside a guard.
List* ParseStatements(const char* text);

// Splits and classifies a script. A syntax error comes with its place in the script (internal query and position),
// `what` names the script in messages: "upgrade of revision def456".
core::Script ParseScript(const std::string& text, const std::string& what);

// Whether a function commits by itself: a statement that is one call of it runs at top level. To be told at load time.
using OwnTransactionsTest = bool (*)(std::string_view function);
void SetOwnTransactionsTest(OwnTransactionsTest test);

// Throws kScriptRefused for what no script may contain: transaction control, psql's meta-commands, COPY from or to
// the client, a new enum value used in the transaction that adds it.
void RefuseUnusable(const core::Script& script, const std::string& text, const std::string& what);

// Whether two scripts are the same statements; white space, comments and line ends do not count.
bool SameScript(const std::string& left, const std::string& right);

// Whether one of the statements' tokens is the string constant `value`, in the bodies of DO blocks and functions too.
bool MentionsStringConstant(const std::string& text, const std::string& value);

}  // namespace headway::pg
