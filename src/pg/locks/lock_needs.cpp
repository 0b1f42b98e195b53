#include "pg/locks/lock_needs.hpp"

#include <algorithm>

#include "pg/catalog/find_object.hpp"
#include "pg/guard.hpp"
#include "pg/locks/lock_set.hpp"
#include "pg/parse/raw_parse.hpp"
#include "pg/postgres.hpp"
#include "pg/text.hpp"

namespace headway::pg {

namespace {

struct ModeName {
  const char* words;
  const char* server_name;
};

// In the order of the server's numbers, from 1.
constexpr ModeName kModeNames[] = {
    {"ACCESS SHARE", "AccessShareLock"},
    {"ROW SHARE", "RowShareLock"},
    {"ROW EXCLUSIVE", "RowExclusiveLock"},
    {"SHARE UPDATE EXCLUSIVE", "ShareUpdateExclusiveLock"},
    {"SHARE", "ShareLock"},
    {"SHARE ROW EXCLUSIVE", "ShareRowExclusiveLock"},
    {"EXCLUSIVE", "ExclusiveLock"},
    {"ACCESS EXCLUSIVE", "AccessExclusiveLock"},
};
constexpr int kModes = static_cast<int>(sizeof(kModeNames) / sizeof(kModeNames[0]));

// REQUIRES: inside a guard.
void AddStatement(LockSet* set, Node* statement) {
  switch (nodeTag(statement)) {
    case T_SelectStmt:
    case T_InsertStmt:
    case T_UpdateStmt:
    case T_DeleteStmt:
    case T_MergeStmt:
      AddQuery(set, statement);
      break;
    case T_AlterTableStmt:
      AddAlterTable(set, castNode(AlterTableStmt, statement));
      break;
    case T_DropStmt:
      AddDrop(set, castNode(DropStmt, statement));
      break;
    default:
      AddUtility(set, statement);
      break;
  }
}

bool HoldsTableExclusively(const LockSet* set, Oid table) {
  for (int i = 0; i < set->count; ++i) {
    if (set->items[i].relation == table) return set->items[i].mode == AccessExclusiveLock;
  }
  return false;
}

// Nobody reaches an index whose table is locked.
void LeaveOutCoveredIndexes(LockSet* set) {
  int kept = 0;
  for (int i = 0; i < set->count; ++i) {
    const LockNeed need = set->items[i];
    if (IsIndex(need.relation) && HoldsTableExclusively(set, IndexGetRelation(need.relation, true))) continue;
    set->items[kept++] = need;
  }
  set->count = kept;
}

// REQUIRES: inside a guard.
LockSet Collect(const char* text) {
  LockSet set = {nullptr, 0, 0};
  ListCell* cell;
  foreach (cell, ParseStatements(text)) AddStatement(&set, lfirst_node(RawStmt, cell)->stmt);
  LeaveOutCoveredIndexes(&set);
  return set;
}

// A memory context for the time of a look at the catalogs; what is left of it goes with the destructor.
class Scratch {
 public:
  Scratch() : outer_(CurrentMemoryContext) {
    own_ = Guarded([] { return AllocSetContextCreate(CurrentMemoryContext, "lock needs", ALLOCSET_DEFAULT_SIZES); });
    MemoryContextSwitchTo(own_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    MemoryContextSwitchTo(outer_);
    MemoryContextDelete(own_);
  }

 private:
  MemoryContext outer_;
  MemoryContext own_;
};

// The place of a syntax error is one in the statement, not in the client's query.
LockSet CollectFrom(const std::string& statement) {
  try {
    return Guarded([&] { return Collect(statement.c_str()); });
  } catch (core::Error& error) {
    core::ErrorReport& report = error.report();
    if (report.cursor_position > 0) {
      report.internal_query = statement;
      report.internal_position = std::exchange(report.cursor_position, 0);
    }
    throw;
  }
}

}  // namespace

std::vector<LockNeed> LockNeedsOf(const std::string& statement) {
  const QuietParsing silence;
  Scratch scratch;
  const LockSet set = CollectFrom(statement);
  std::vector<LockNeed> needs(set.items, set.items + set.count);
  std::sort(needs.begin(), needs.end(),
            [](const LockNeed& left, const LockNeed& right) { return left.relation < right.relation; });
  return needs;
}

std::string LockModeName(int mode) { return mode >= 1 && mode <= kModes ? kModeNames[mode - 1].words : "NONE"; }

static_assert(kRowExclusiveLock == RowExclusiveLock && kShareRowExclusiveLock == ShareRowExclusiveLock);

std::optional<int> LockModeByName(const std::string& name) {
  for (int mode = 1; mode <= kModes; ++mode) {
    const ModeName& names = kModeNames[mode - 1];
    if (IsSameWord(name, names.words) || IsSameWord(name, names.server_name)) {
      return mode;
    }
  }
  return std::nullopt;
}

}  // namespace headway::pg
