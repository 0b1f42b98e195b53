// The safe_* operations on tables. Each is a file of its own that says which phases it is made of, and a line
// below; common_phases.hpp has what several of them are built from.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/phases.hpp"

namespace headway::operations {

// UPDATE relation SET set WHERE where, batch by batch, in transactions of its own. A job of the same name goes on where
// it has stopped. REQUIRES: no unit open.
using BackfillFunction = std::function<void(std::uint32_t relation, const std::string& set, const std::string& where,
                                            const std::string& job)>;

// A call of a safe_* function: its arguments as texts, in the order of its declaration in SQL; a regclass as its oid.
struct OperationCall {
  std::string function;
  std::vector<std::optional<std::string>> arguments;
  BackfillFunction backfill;

  // Throws when the argument is NULL; `name` as the user knows it.
  std::string Text(std::size_t index, const char* name) const;
  std::uint32_t Relation(std::size_t index, const char* name) const;
  bool Boolean(std::size_t index) const;  // NULL: false
  // Nothing when it is NULL; throws when it is an empty string, which is no name.
  std::optional<std::string> Name(std::size_t index, const char* name) const;
  const std::optional<std::string>& Optional(std::size_t index) const { return arguments.at(index); }
};

// Looks at the catalogs to say which phases there are. REQUIRES: an open unit.
using MakeOperation = engine::PhasedOperation (*)(const OperationCall& call);

// Nothing when there is no such function.
MakeOperation FindOperation(std::string_view function);
// The relation that a call names, before anything is looked up; nothing: it names none by its oid.
std::optional<std::uint32_t> NamedRelation(const OperationCall& call);

// The strongest lock that any of its phases takes on the relation that it names, as LOCK TABLE calls it; empty: none.
std::string_view StrongestLock(std::string_view function);

// The one list of them: the SQL function, what makes it in the file of that name, and the strongest lock.
#define HEADWAY_OPERATIONS(OPERATION)                                      \
  OPERATION(safe_add_check, AddCheck, "ACCESS EXCLUSIVE")                  \
  OPERATION(safe_add_column, AddColumn, "ACCESS EXCLUSIVE")                \
  OPERATION(safe_add_foreign_key, AddForeignKey, "SHARE ROW EXCLUSIVE")    \
  OPERATION(safe_add_primary_key, AddPrimaryKey, "ACCESS EXCLUSIVE")       \
  OPERATION(safe_add_unique, AddUnique, "ACCESS EXCLUSIVE")                \
  OPERATION(safe_change_column_type, ChangeColumnType, "ACCESS EXCLUSIVE") \
  OPERATION(safe_create_index, CreateIndex, "SHARE UPDATE EXCLUSIVE")      \
  OPERATION(safe_drop_index, DropIndex, "ACCESS EXCLUSIVE")                \
  OPERATION(safe_reindex, Reindex, "SHARE UPDATE EXCLUSIVE")               \
  OPERATION(safe_rename_column, RenameColumn, "")                          \
  OPERATION(safe_set_not_null, SetNotNull, "ACCESS EXCLUSIVE")

#define HEADWAY_DECLARE_OPERATION(function, Make, lock) engine::PhasedOperation Make(const OperationCall& call);
HEADWAY_OPERATIONS(HEADWAY_DECLARE_OPERATION)
#undef HEADWAY_DECLARE_OPERATION

}  // namespace headway::operations
