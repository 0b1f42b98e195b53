// The clauses of ALTER statements and the elements of CREATE TABLE.
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/parse/statement_facts.hpp"

extern "C" {
#include "parser/parse_type.h"
}

namespace headway::pg {

namespace {

using core::Action;
using core::ActionKind;
using core::Word;

std::string OrEmpty(const char* text) { return text == nullptr ? std::string() : std::string(text); }

std::string TypeText(const TypeName* type) {
  if (type == nullptr) return {};
  std::string text = Guarded([&] { return TypeNameToString(type); });
  const std::string prefix = "pg_catalog.";
  return text.compare(0, prefix.size(), prefix) == 0 ? text.substr(prefix.size()) : text;
}

// The words of a constraint, in a column definition or by itself.
void AddConstraintWords(const Constraint* constraint, Action& action) {
  switch (constraint->contype) {
    case CONSTR_NOTNULL:
      action.words.Add(Word::kNotNull);
      break;
    case CONSTR_DEFAULT:
      action.words.Add(Word::kDefault);
      break;
    case CONSTR_IDENTITY:
      action.words.Add(Word::kIdentity);
      break;
    case CONSTR_GENERATED:
      action.words.Add(Word::kGenerated);
      break;
    case CONSTR_CHECK:
      action.words.Add(Word::kCheck);
      break;
    case CONSTR_PRIMARY:
      action.words.Add(Word::kPrimaryKey);
      break;
    case CONSTR_UNIQUE:
      action.words.Add(Word::kUnique);
      break;
    case CONSTR_EXCLUSION:
      action.words.Add(Word::kExclude);
      break;
    case CONSTR_FOREIGN:
      action.words.Add(Word::kForeignKey);
      action.other = NameOf(constraint->pktable);
      break;
    default:
      break;
  }
  action.words.Add(Word::kUsingIndex, constraint->indexname != nullptr);
  action.words.Add(Word::kNotValid, constraint->skip_validation);
  action.words.Add(Word::kNoInherit, constraint->is_no_inherit);
}

Action OfConstraint(const Constraint* constraint) {
  Action action{ActionKind::kAddConstraint, OrEmpty(constraint->conname), {}, {}, {}, {}};
  AddConstraintWords(constraint, action);
  return action;
}

Action OfColumn(const ColumnDef* column) {
  Action action{ActionKind::kAddColumn, column->colname, {}, TypeText(column->typeName), {}, {}};
  ListCell* cell;
  foreach (cell, column->constraints) AddConstraintWords(lfirst_node(Constraint, cell), action);
  return action;
}

// The kinds that are a name and no more.
ActionKind KindOf(AlterTableType type) {
  switch (type) {
    case AT_DropColumn:
      return ActionKind::kDropColumn;
    case AT_ColumnDefault:
      return ActionKind::kSetDefault;
    case AT_SetNotNull:
      return ActionKind::kSetNotNull;
    case AT_DropNotNull:
      return ActionKind::kDropNotNull;
    case AT_DropConstraint:
      return ActionKind::kDropConstraint;
    case AT_ValidateConstraint:
      return ActionKind::kValidateConstraint;
    case AT_AlterColumnType:
      return ActionKind::kAlterType;
    case AT_AttachPartition:
      return ActionKind::kAttachPartition;
    case AT_DetachPartition:
    case AT_DetachPartitionFinalize:
      return ActionKind::kDetachPartition;
    case AT_SetTableSpace:
      return ActionKind::kSetTablespace;
    case AT_SetLogged:
      return ActionKind::kSetLogged;
    case AT_SetUnLogged:
      return ActionKind::kSetUnlogged;
    case AT_SetAccessMethod:
      return ActionKind::kSetAccessMethod;
    case AT_SetStorage:
      return ActionKind::kSetStorage;
    case AT_SetRelOptions:
    case AT_ResetRelOptions:
      return ActionKind::kSetOptions;
    case AT_ChangeOwner:
      return ActionKind::kOwner;
    case AT_ReplicaIdentity:
      return ActionKind::kReplicaIdentity;
    case AT_EnableTrig:
    case AT_EnableAlwaysTrig:
    case AT_EnableReplicaTrig:
    case AT_EnableTrigAll:
    case AT_EnableTrigUser:
      return ActionKind::kEnableTrigger;
    case AT_DisableTrig:
    case AT_DisableTrigAll:
    case AT_DisableTrigUser:
      return ActionKind::kDisableTrigger;
    case AT_EnableRowSecurity:
    case AT_DisableRowSecurity:
    case AT_ForceRowSecurity:
    case AT_NoForceRowSecurity:
      return ActionKind::kRowSecurity;
    default:
      return ActionKind::kOther;
  }
}

// What the clause carries besides its name.
void ReadDefinition(const AlterTableCmd* command, Action& action) {
  switch (command->subtype) {
    case AT_AlterColumnType: {
      const auto* column = castNode(ColumnDef, command->def);
      action.type = TypeText(column->typeName);
      action.words.Add(Word::kUsing, column->raw_default != nullptr);
      break;
    }
    case AT_ColumnDefault:
      action.words.Add(Word::kDefault, command->def != nullptr);
      break;
    case AT_AttachPartition:
    case AT_DetachPartition:
    case AT_DetachPartitionFinalize: {
      const auto* partition = castNode(PartitionCmd, command->def);
      action.other = NameOf(partition->name);
      action.words.Add(Word::kConcurrently, partition->concurrent);
      action.words.Add(Word::kFinalize, command->subtype == AT_DetachPartitionFinalize);
      break;
    }
    default:
      break;
  }
}

Action OfCommand(const AlterTableCmd* command) {
  Action action;
  if (command->subtype == AT_AddColumn) {
    action = OfColumn(castNode(ColumnDef, command->def));
  } else if (command->subtype == AT_AddConstraint) {
    action = OfConstraint(castNode(Constraint, command->def));
  } else {
    action.kind = KindOf(command->subtype);
    action.name = OrEmpty(command->name);
    ReadDefinition(command, action);
  }
  const bool adds = action.kind == ActionKind::kAddColumn;
  action.words.Add(adds ? Word::kIfNotExists : Word::kIfExists, command->missing_ok);
  action.words.Add(Word::kCascade, command->behavior == DROP_CASCADE);
  return action;
}

void ReadAlterTable(const AlterTableStmt* alter, core::Statement& statement) {
  statement.relations.push_back(NameOf(alter->relation));
  statement.words.Add(Word::kOnly, !alter->relation->inh);
  statement.words.Add(Word::kIfExists, alter->missing_ok);
  ListCell* cell;
  foreach (cell, alter->cmds) {
    statement.actions.push_back(OfCommand(lfirst_node(AlterTableCmd, cell)));
    const Action& action = statement.actions.back();
    if (action.kind == ActionKind::kDetachPartition && action.words.Has(Word::kConcurrently)) {
      statement.kind = core::StatementClass::kConcurrently;
    }
  }
}

void ReadTableElements(const CreateStmt* create, core::Statement& statement) {
  ListCell* cell;
  foreach (cell, create->tableElts) {
    auto* element = static_cast<Node*>(lfirst(cell));
    if (IsA(element, ColumnDef)) statement.actions.push_back(OfColumn(castNode(ColumnDef, element)));
    if (IsA(element, Constraint)) statement.actions.push_back(OfConstraint(castNode(Constraint, element)));
  }
}

void ReadRename(const RenameStmt* rename, core::Statement& statement) {
  if (rename->relation != nullptr) statement.relations.push_back(NameOf(rename->relation));
  statement.words.Add(Word::kIfExists, rename->missing_ok);
  Action action;
  action.name = OrEmpty(rename->subname);
  action.new_name = OrEmpty(rename->newname);
  if (IsRelationType(rename->renameType)) action.kind = ActionKind::kRename;
  if (rename->renameType == OBJECT_COLUMN || rename->renameType == OBJECT_ATTRIBUTE) {
    action.kind = ActionKind::kRenameColumn;
  }
  if (rename->renameType == OBJECT_TABCONSTRAINT) action.kind = ActionKind::kRenameConstraint;
  statement.actions.push_back(action);
}

void ReadSetSchema(const AlterObjectSchemaStmt* alter, core::Statement& statement) {
  if (alter->relation != nullptr) statement.relations.push_back(NameOf(alter->relation));
  statement.actions.push_back({ActionKind::kSetSchema, {}, OrEmpty(alter->newschema), {}, {}, {}});
}

void ReadAlterEnum(const AlterEnumStmt* alter, core::Statement& statement) {
  statement.object = NameOf(alter->typeName);
  Action action;
  if (alter->oldVal == nullptr) {
    action.kind = ActionKind::kAddValue;
    action.name = OrEmpty(alter->newVal);
  } else {
    action.name = OrEmpty(alter->oldVal);
    action.new_name = OrEmpty(alter->newVal);
  }
  action.words.Add(Word::kIfNotExists, alter->skipIfNewValExists);
  statement.actions.push_back(action);
}

}  // namespace

void ReadActions(Node* tree, core::Statement& statement) {
  switch (nodeTag(tree)) {
    case T_AlterTableStmt:
      return ReadAlterTable(castNode(AlterTableStmt, tree), statement);
    case T_CreateStmt:
      return ReadTableElements(castNode(CreateStmt, tree), statement);
    case T_RenameStmt:
      return ReadRename(castNode(RenameStmt, tree), statement);
    case T_AlterObjectSchemaStmt:
      return ReadSetSchema(castNode(AlterObjectSchemaStmt, tree), statement);
    case T_AlterEnumStmt:
      return ReadAlterEnum(castNode(AlterEnumStmt, tree), statement);
    default:
      return;
  }
}

}  // namespace headway::pg
