#include "core/advice.hpp"

#include "core/format.hpp"
#include "core/sqlstate.hpp"

namespace headway::core {
namespace {

std::string FirstName(const Statement& statement) {
  if (statement.relations.empty()) return "...";
  const ObjectName& name = statement.relations.front();
  return name.schema.empty() ? name.name : name.schema + "." + name.name;
}

}  // namespace

std::string AdviceOn(const ErrorReport& report, const Statement& statement) {
  if (report.sqlstate == sqlstate::kUnsafeNewEnumValueUsage) {
    return " Put what uses it into a revision behind this one; or this one is not to be in a transaction: "
           "transactional => "
           "false.";
  }
  if (!report.hint.empty()) return {};
  // Of a partitioned table no index can be built or dropped concurrently.
  if (report.sqlstate == sqlstate::kFeatureNotSupported && statement.words.Has(Word::kConcurrently)) {
    if (statement.Is("CREATE INDEX")) {
      return Format("SELECT safe_create_index('%1%', ...) builds it partition by partition, in a revision as well.",
                    FirstName(statement));
    }
    if (statement.Is("DROP INDEX")) {
      return Format("SELECT safe_drop_index('%1%') drops it, in a revision as well.", FirstName(statement));
    }
  }
  if (report.sqlstate == sqlstate::kObjectInUse && statement.alters_table()) {
    return "Deferred constraints and triggers wait for the commit: put SET CONSTRAINTS ALL IMMEDIATE before it, or the "
           "ALTER TABLE into a revision of its own that runs outside of your transaction.";
  }
  return {};
}

}  // namespace headway::core
