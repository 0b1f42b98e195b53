#include "operations/operation_call.hpp"

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/field.hpp"

namespace headway::operations {

namespace {

struct Entry {
  std::string_view function;
  MakeOperation make;
  std::string_view lock;
};

#define HEADWAY_OPERATION_ENTRY(function, Make, lock) {#function, Make, lock},
constexpr Entry kOperations[] = {HEADWAY_OPERATIONS(HEADWAY_OPERATION_ENTRY)};
#undef HEADWAY_OPERATION_ENTRY

const Entry* Find(std::string_view function) {
  for (const Entry& entry : kOperations) {
    if (entry.function == function) return &entry;
  }
  return nullptr;
}

}  // namespace

MakeOperation FindOperation(std::string_view function) {
  const Entry* entry = Find(function);
  return entry == nullptr ? nullptr : entry->make;
}

std::string_view StrongestLock(std::string_view function) {
  const Entry* entry = Find(function);
  return entry == nullptr ? std::string_view() : entry->lock;
}

std::optional<std::uint32_t> NamedRelation(const OperationCall& call) {
  if (call.function == "safe_drop_index" || !call.arguments.at(0)) return std::nullopt;
  return call.Relation(0, "relation");
}

std::string OperationCall::Text(std::size_t index, const char* name) const {
  if (arguments.at(index)) return *arguments[index];
  throw core::Error(core::sqlstate::kNullValueNotAllowed, core::Format("argument \"%1%\" must not be null", name));
}

std::uint32_t OperationCall::Relation(std::size_t index, const char* name) const {
  return pg::ToOid(Text(index, name));
}

bool OperationCall::Boolean(std::size_t index) const { return pg::IsTrue(arguments.at(index)); }

std::optional<std::string> OperationCall::Name(std::size_t index, const char* name) const {
  if (arguments.at(index) != "") return arguments[index];
  throw core::Error(core::sqlstate::kInvalidParameterValue, core::Format("argument \"%1%\" must not be empty", name));
}

}  // namespace headway::operations
