#include "pg/catalog/object_names.hpp"

#include "core/format.hpp"
#include "core/short_hash.hpp"
#include "core/sqlstate.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "utils/regproc.h"
}

namespace headway::pg {

std::string QualifiedName(Oid relation) {
  const char* name = Guarded([&]() -> const char* {
    // Outside of one a look at the catalogs takes the server down.
    if (!IsTransactionState()) elog(ERROR, "the name of relation %u is asked for outside of a transaction", relation);
    const char* relname = get_rel_name(relation);
    if (relname == nullptr) return nullptr;
    return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), relname);
  });
  return name == nullptr ? std::string() : std::string(name);
}

std::string UnqualifiedName(Oid relation) {
  const char* name = Guarded([&] { return get_rel_name(relation); });
  return name == nullptr ? std::string() : std::string(name);
}

std::string QualifiedSibling(Oid relation, const std::string& name) {
  const char* qualified = Guarded(
      [&] { return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), name.c_str()); });
  return qualified;
}

std::string MakeObjectName(const std::string& first, const std::string& second, const std::string& label) {
  const char* name = Guarded([&] {
    return makeObjectName(first.c_str(), second.empty() ? nullptr : second.c_str(),
                          label.empty() ? nullptr : label.c_str());
  });
  return name;
}

std::string MakeHelperName(const std::string& prefix, const std::string& column, const std::string& label) {
  std::string name = prefix + "_" + column + (label.empty() ? "" : "_" + label);
  if (name.size() < NAMEDATALEN) return name;
  return MakeObjectName(prefix, column, core::ShortHash(column) + (label.empty() ? "" : "_" + label));
}

std::string RoleName(Oid role) {
  const char* name = Guarded([&] { return GetUserNameFromId(role, true); });
  return name == nullptr ? std::string() : std::string(name);
}

core::ObjectName ParseQualifiedName(const std::string& text, const char* what) {
  List* parts = Guarded([&] { return compat::SplitQualifiedName(text.c_str()); });
  if (list_length(parts) > 2) {
    throw core::Error(core::sqlstate::kInvalidParameterValue,
                      core::Format("\"%1%\" is not the name of %2%", text, what), {}, "Write name or schema.name.");
  }
  const bool has_schema = list_length(parts) == 2;
  return {has_schema ? strVal(linitial(parts)) : "", strVal(llast(parts))};
}

Oid RelationNamed(const core::ObjectName& name) {
  return Guarded([&] {
    char* schema = name.schema.empty() ? nullptr : pstrdup(name.schema.c_str());
    return RangeVarGetRelid(makeRangeVar(schema, pstrdup(name.name.c_str()), -1), NoLock, true);
  });
}

}  // namespace headway::pg
