// Between std::string and the server's texts: arguments in, results out, typed quoting of names and literals.
#pragma once

#include "core/statement.hpp"
#include "pg/types.hpp"

namespace headway::pg {

std::string ToString(Datum text_datum);
Datum TextDatum(std::string_view value);

// REQUIRES: inside a guard.
Datum TextArrayDatum(const std::vector<std::string>& values);

// An identifier ("order", "My Table") and a literal ('it''s') for a text of SQL.
std::string QuoteIdentifier(const std::string& name);
std::string QuoteLiteral(const std::string& value);
// schema.name of a relation, quoted as needed; empty when there is none with that oid.
std::string QualifiedName(Oid relation);
// The name of a relation without its schema, as it is.
std::string UnqualifiedName(Oid relation);
// The name in the schema of that relation: schema.name, quoted as needed.
std::string QualifiedSibling(Oid relation, const std::string& name);
std::string RoleName(Oid role);
// first_second_label, the parts cut so that it is no longer than names may be; `second` and `label` may be empty.
std::string MakeObjectName(const std::string& first, const std::string& second, const std::string& label);
// prefix_column_label for something of ours that belongs to a column. Where that is too long for a name, a part of it
// is made from the whole name of the column: no two columns have the same, and a later call finds it again.
std::string MakeHelperName(const std::string& prefix, const std::string& column, const std::string& label = {});
// A name as SQL writes it ("name", schema.name), folded and unquoted; the schema may be left out.
// `what`: for messages.
core::ObjectName ParseQualifiedName(const std::string& text, const char* what = "a table");
// What has that name, seen from the search_path; kNoOid: nothing. REQUIRES: a transaction.
Oid RelationNamed(const core::ObjectName& name);

// Without regard to case, of letters of ASCII.
bool IsSameWord(const std::string& left, const std::string& right);

// The line of a byte offset in a text, from 1.
int LineOf(std::string_view text, std::size_t offset);

}  // namespace headway::pg
