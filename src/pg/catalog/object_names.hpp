// Names of relations and roles: looked up, read from what a user has written, and made for objects of ours.
#pragma once

#include "core/statement.hpp"
#include "pg/types.hpp"

namespace headway::pg {

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

}  // namespace headway::pg
