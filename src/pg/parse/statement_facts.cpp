#include "pg/parse/statement_facts.hpp"

#include "core/sqlstate.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"

namespace headway::pg {

namespace {

using core::StatementClass;
using core::Word;

void AddRelation(core::Statement& statement, const RangeVar* name) {
  if (name != nullptr) statement.relations.push_back(NameOf(name));
}

void AddRelations(core::Statement& statement, const List* names) {
  ListCell* cell;
  foreach (cell, names) AddRelation(statement, lfirst_node(RangeVar, cell));
}

void ReadMade(const RangeVar* name, core::Statement& statement) {
  AddRelation(statement, name);
  statement.words.Add(Word::kTemporary, name->relpersistence == RELPERSISTENCE_TEMP);
  statement.words.Add(Word::kUnlogged, name->relpersistence == RELPERSISTENCE_UNLOGGED);
  // What it makes goes with the session.
  statement.runs_code = name->relpersistence == RELPERSISTENCE_TEMP;
}

void ReadCreateIndex(const IndexStmt* index, core::Statement& statement) {
  AddRelation(statement, index->relation);
  if (index->idxname != nullptr) statement.object = {{}, index->idxname};
  statement.words.Add(Word::kConcurrently, index->concurrent);
  statement.words.Add(Word::kIfNotExists, index->if_not_exists);
  statement.words.Add(Word::kUnique, index->unique);
  statement.words.Add(Word::kWhere, index->whereClause != nullptr);
  statement.words.Add(Word::kOnly, index->relation != nullptr && !index->relation->inh);
  if (index->concurrent) statement.kind = StatementClass::kConcurrently;
}

void ReadReindex(const ReindexStmt* reindex, core::Statement& statement) {
  const bool of_relation = reindex->kind == REINDEX_OBJECT_INDEX || reindex->kind == REINDEX_OBJECT_TABLE;
  statement.subject = reindex->kind == REINDEX_OBJECT_INDEX    ? "INDEX"
                      : reindex->kind == REINDEX_OBJECT_TABLE  ? "TABLE"
                      : reindex->kind == REINDEX_OBJECT_SCHEMA ? "SCHEMA"
                      : reindex->kind == REINDEX_OBJECT_SYSTEM ? "SYSTEM"
                                                               : "DATABASE";
  AddRelation(statement, reindex->relation);
  if (reindex->name != nullptr) statement.object = {{}, reindex->name};
  const bool concurrently = Guarded([&] { return HasTrueOption(reindex->params, "concurrently"); });
  statement.words.Add(Word::kConcurrently, concurrently);
  if (concurrently) {
    statement.kind = StatementClass::kConcurrently;
  } else if (!of_relation) {
    statement.kind = StatementClass::kTopLevel;
  }
}

void ReadDrop(const DropStmt* drop, core::Statement& statement) {
  statement.words.Add(Word::kConcurrently, drop->concurrent);
  statement.words.Add(Word::kIfExists, drop->missing_ok);
  statement.words.Add(Word::kCascade, drop->behavior == DROP_CASCADE);
  if (drop->concurrent) statement.kind = StatementClass::kConcurrently;
  if (!IsRelationType(drop->removeType)) return;
  ListCell* cell;
  foreach (cell, drop->objects) statement.relations.push_back(NameOf(lfirst_node(List, cell)));
}

void ReadVacuum(const VacuumStmt* vacuum, core::Statement& statement) {
  if (vacuum->is_vacuumcmd) statement.kind = StatementClass::kTopLevel;
  statement.words.Add(Word::kFull, Guarded([&] { return HasTrueOption(vacuum->options, "full"); }));
  ListCell* cell;
  foreach (cell, vacuum->rels) AddRelation(statement, lfirst_node(VacuumRelation, cell)->relation);
}

void ReadCluster(const compat::ClusterStatement* cluster, core::Statement& statement) {
  AddRelation(statement, compat::ClusteredTable(cluster));
  const bool concurrently = Guarded([&] { return HasTrueOption(compat::ClusterOptions(cluster), "concurrently"); });
  statement.words.Add(Word::kConcurrently, concurrently);
  if (statement.relations.empty() || concurrently) statement.kind = StatementClass::kTopLevel;
}

// The text of a constant, with a cast behind it or not; null: it is none.
const char* ConstantText(const Node* node) {
  if (node != nullptr && IsA(node, TypeCast)) node = reinterpret_cast<const TypeCast*>(node)->arg;
  if (node == nullptr || !IsA(node, A_Const)) return nullptr;
  const auto* constant = reinterpret_cast<const A_Const*>(node);
  return !constant->isnull && IsA(&constant->val, String) ? constant->val.sval.sval : nullptr;
}

// What a function of ours works on: its first argument, or the one of that name. A name that is none is the function's
// to refuse when it runs.
void ReadTarget(const FuncCall* call, core::Statement& statement) {
  ListCell* cell;
  foreach (cell, call->args) {
    auto* argument = static_cast<Node*>(lfirst(cell));
    if (IsA(argument, NamedArgExpr)) {
      const auto* named = castNode(NamedArgExpr, argument);
      const bool is_index = std::strcmp(named->name, "name") == 0 && statement.object.name == "safe_drop_index";
      if (std::strcmp(named->name, "relation") != 0 && !is_index) continue;
      argument = reinterpret_cast<Node*>(named->arg);
    } else if (foreach_current_index(cell) > 0) {
      continue;
    }
    const char* text = ConstantText(argument);
    if (text == nullptr) return;
    try {
      List* parts = Guarded([&] { return compat::SplitQualifiedName(text); });
      const int count = list_length(parts);
      if (count <= 2) statement.relations.push_back({count == 2 ? strVal(linitial(parts)) : "", strVal(llast(parts))});
    } catch (const core::Error& error) {
      if (error.Is(core::sqlstate::kQueryCanceled)) throw;
    }
    return;
  }
}

void ReadSelect(const SelectStmt* select, core::Statement& statement, bool (*commits_by_itself)(std::string_view)) {
  statement.runs_code = true;
  if (select->intoClause != nullptr) AddRelation(statement, select->intoClause->rel);
  if (select->op != SETOP_NONE || list_length(select->targetList) != 1 || select->fromClause != NIL) return;
  auto* target = linitial_node(ResTarget, select->targetList);
  if (target->val == nullptr || !IsA(target->val, FuncCall)) return;
  const core::ObjectName function = NameOf(castNode(FuncCall, target->val)->funcname);
  statement.object = function;
  if (commits_by_itself != nullptr && commits_by_itself(function.name)) {
    statement.kind = StatementClass::kOwnTransactions;
    ReadTarget(castNode(FuncCall, target->val), statement);
  }
}

void ReadWrite(const RangeVar* table, const Node* where, core::Statement& statement) {
  AddRelation(statement, table);
  statement.words.Add(Word::kWhere, where != nullptr);
  statement.runs_code = true;
}

void ReadSetting(const VariableSetStmt* set, core::Statement& statement) {
  statement.session_setting = !set->is_local;
  if (set->name != nullptr) statement.object = {{}, set->name};
}

void ReadMatView(const RefreshMatViewStmt* refresh, core::Statement& statement) {
  AddRelation(statement, refresh->relation);
  statement.words.Add(Word::kConcurrently, refresh->concurrent);
}

void ReadTruncate(const TruncateStmt* truncate, core::Statement& statement) {
  AddRelations(statement, truncate->relations);
  statement.words.Add(Word::kCascade, truncate->behavior == DROP_CASCADE);
}

void ReadCreateTableAs(const CreateTableAsStmt* create, core::Statement& statement) {
  ReadMade(create->into->rel, statement);
  statement.words.Add(Word::kIfNotExists, create->if_not_exists);
  statement.runs_code = true;
}

void ReadCreateView(const ViewStmt* view, core::Statement& statement) {
  ReadMade(view->view, statement);
  statement.words.Add(Word::kOrReplace, view->replace);
}

// What the server does not let into a transaction block, and what has no more to it than that.
void ReadSystemCommand(const Node* tree, core::Statement& statement) {
  switch (nodeTag(tree)) {
    case T_CreatedbStmt:
    case T_DropdbStmt:
    case T_CreateTableSpaceStmt:
    case T_DropTableSpaceStmt:
    case T_AlterSystemStmt:
    // Some forms of these run in a transaction, some do not; one by one all of them do.
    case T_CreateSubscriptionStmt:
    case T_DropSubscriptionStmt:
    case T_AlterSubscriptionStmt:
      statement.kind = StatementClass::kTopLevel;
      break;
    case T_DeclareCursorStmt:
    case T_DiscardStmt:
    case T_DoStmt:
    case T_CallStmt:
    case T_PrepareStmt:
    case T_ExecuteStmt:
      statement.runs_code = true;
      break;
    default:
      break;
  }
}

void ReadCommand(Node* tree, core::Statement& statement, bool (*commits_by_itself)(std::string_view)) {
  switch (nodeTag(tree)) {
    case T_IndexStmt:
      return ReadCreateIndex(castNode(IndexStmt, tree), statement);
    case T_ReindexStmt:
      return ReadReindex(castNode(ReindexStmt, tree), statement);
    case T_DropStmt:
      return ReadDrop(castNode(DropStmt, tree), statement);
    case T_VacuumStmt:
      return ReadVacuum(castNode(VacuumStmt, tree), statement);
    case compat::kClusterTag:
      return ReadCluster(reinterpret_cast<compat::ClusterStatement*>(tree), statement);
    case T_SelectStmt:
      return ReadSelect(castNode(SelectStmt, tree), statement, commits_by_itself);
    case T_InsertStmt:
      return ReadWrite(castNode(InsertStmt, tree)->relation, nullptr, statement);
    case T_UpdateStmt:
      return ReadWrite(castNode(UpdateStmt, tree)->relation, castNode(UpdateStmt, tree)->whereClause, statement);
    case T_DeleteStmt:
      return ReadWrite(castNode(DeleteStmt, tree)->relation, castNode(DeleteStmt, tree)->whereClause, statement);
    case T_TruncateStmt:
      return ReadTruncate(castNode(TruncateStmt, tree), statement);
    case T_LockStmt:
      return AddRelations(statement, castNode(LockStmt, tree)->relations);
    case T_RefreshMatViewStmt:
      return ReadMatView(castNode(RefreshMatViewStmt, tree), statement);
    case T_VariableSetStmt:
      return ReadSetting(castNode(VariableSetStmt, tree), statement);
    case T_CreateStmt:
      statement.words.Add(Word::kIfNotExists, castNode(CreateStmt, tree)->if_not_exists);
      return ReadMade(castNode(CreateStmt, tree)->relation, statement);
    case T_CreateTableAsStmt:
      return ReadCreateTableAs(castNode(CreateTableAsStmt, tree), statement);
    case T_ViewStmt:
      return ReadCreateView(castNode(ViewStmt, tree), statement);
    case T_CreateSeqStmt:
      return ReadMade(castNode(CreateSeqStmt, tree)->sequence, statement);
    case T_CreateEnumStmt:
      statement.object = NameOf(castNode(CreateEnumStmt, tree)->typeName);
      return statement.words.Add(Word::kEnum);
    case T_CreateTrigStmt:
      statement.object = {{}, castNode(CreateTrigStmt, tree)->trigname};
      return AddRelation(statement, castNode(CreateTrigStmt, tree)->relation);
    default:
      return ReadSystemCommand(tree, statement);
  }
}

}  // namespace

core::ObjectName NameOf(const RangeVar* name) {
  if (name == nullptr) return {};
  return {name->schemaname == nullptr ? std::string() : std::string(name->schemaname), name->relname};
}

core::ObjectName NameOf(const List* parts) {
  core::ObjectName name;
  ListCell* cell;
  foreach (cell, parts) {
    auto* part = static_cast<Node*>(lfirst(cell));
    name.schema = std::exchange(name.name, IsA(part, String) ? strVal(part) : "");
  }
  return name;
}

bool IsRelationType(ObjectType type) {
  switch (type) {
    case OBJECT_TABLE:
    case OBJECT_FOREIGN_TABLE:
    case OBJECT_INDEX:
    case OBJECT_SEQUENCE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
      return true;
    default:
      return false;
  }
}

bool HasTrueOption(const List* options, const char* name) {
  ListCell* cell;
  foreach (cell, options) {
    auto* option = lfirst_node(DefElem, cell);
    if (std::strcmp(option->defname, name) == 0) return defGetBoolean(option);
  }
  return false;
}

core::Statement ReadStatement(Node* tree, bool (*commits_by_itself)(std::string_view function)) {
  core::Statement statement;
  statement.verb = Guarded([&] { return CreateCommandName(tree); });
  ReadCommand(tree, statement, commits_by_itself);
  ReadActions(tree, statement);
  return statement;
}

}  // namespace headway::pg
