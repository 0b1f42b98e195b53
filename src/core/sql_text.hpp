// Pieces of SQL that are written for others to run: right whatever is in them, and whatever the reader has set.
#pragma once

#include <string>

namespace headway::core {

// A literal, as the server's quote_literal() writes it: right whatever standard_conforming_strings says.
std::string QuotedLiteral(const std::string& text);

// $tag$text$tag$, with another tag where the text holds that one.
std::string DollarQuoted(const std::string& text, const std::string& tag);

}  // namespace headway::core
