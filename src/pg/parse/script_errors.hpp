// What a syntax error in a script is about, where the server's own message does not say: psql's variables and commands,
// placeholders of templates, the data of a COPY, the other half of a combined file.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/error.hpp"

namespace headway::pg {

// Moves the place of a syntax error from the client's query to the statement of the script in which it is, and says
// what stands there when it is no SQL. `what` names the script in messages.
void ExplainSyntaxError(core::Error& error, const std::string& text, const std::string& what);

// Shows an error of our own at a statement of the script, which begins at `offset`; `statement` is its text.
void ShowAtStatement(core::Error& error, const std::string& statement, int line, const std::string& what);

// Throws kScriptRefused when the text holds a line that begins the way back in files of goose, dbmate or sql-migrate:
// an upgrade with its downgrade behind it. REQUIRES: the text has been parsed without an error.
void RefuseCombinedFile(const std::string& text, const std::string& what);

// The error's place in the text, in bytes; nothing when it has none. REQUIRES: the error is the parser's own.
std::optional<std::size_t> ErrorOffset(const core::Error& error, const std::string& text);

}  // namespace headway::pg
