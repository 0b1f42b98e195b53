// A script as the runner sees it: statements with their place in the text, what each of them is, and what it needs.
//
// What it is, is what its text says and no more: which command, on which relations (names as they are written, which
// the search_path has not found yet), and for each clause its kind, its column or constraint, and the words that
// matter. The parse trees stay with the server; src/pg/parse/statement_facts.cpp fills this from them, once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace headway::core {

enum class StatementClass {
  kTransactional,    // runs in a transaction with the others
  kTopLevel,         // the server refuses it inside a transaction block: VACUUM, CREATE DATABASE, ...
  kConcurrently,     // the same, and it waits for other transactions by design: no short lock timeout
  kOwnTransactions,  // SELECT safe_backfill(...): commits by itself, holds nothing meanwhile
};

// Words of a statement or of a clause of it.
enum class Word {
  kConcurrently,
  kIfExists,
  kIfNotExists,
  kOrReplace,
  kOnly,  // not the partitions and children
  kCascade,
  kTemporary,
  kUnlogged,
  kFull,
  kWhere,
  kFinalize,
  kUnique,
  kPrimaryKey,
  kCheck,
  kForeignKey,
  kExclude,
  kNotNull,
  kDefault,
  kGenerated,  // stored; an identity column is kIdentity
  kIdentity,
  kNotValid,
  kNoInherit,
  kUsing,       // ALTER COLUMN TYPE ... USING
  kUsingIndex,  // a constraint that takes an index over
  kEnum,        // CREATE TYPE ... AS ENUM
};
const char* NameOf(Word word);  // as SQL has it: "NOT VALID"

class Words {
 public:
  void Add(Word word) { bits_ |= Bit(word); }
  void Add(Word word, bool given) { bits_ |= given ? Bit(word) : 0; }
  bool Has(Word word) const { return (bits_ & Bit(word)) != 0; }
  std::string Text() const;  // "NOT NULL, DEFAULT"

 private:
  static constexpr std::uint32_t Bit(Word word) { return std::uint32_t{1} << static_cast<int>(word); }
  std::uint32_t bits_ = 0;
};

// A name as it is written, its quotes gone. No schema: the search_path decides.
struct ObjectName {
  std::string schema;
  std::string name;

  bool empty() const { return name.empty(); }
};

enum class ActionKind {
  kAddColumn,  // of CREATE TABLE too
  kDropColumn,
  kAlterType,
  kSetDefault,  // or DROP DEFAULT: without Word::kDefault
  kSetNotNull,
  kDropNotNull,
  kAddConstraint,  // of CREATE TABLE and of a column as well
  kDropConstraint,
  kValidateConstraint,
  kAttachPartition,
  kDetachPartition,
  kRename,        // the relation
  kRenameColumn,  // or an attribute
  kRenameConstraint,
  kSetSchema,
  kSetTablespace,
  kSetLogged,
  kSetUnlogged,
  kSetAccessMethod,
  kSetStorage,
  kSetOptions,  // SET (fillfactor = 70)
  kOwner,
  kEnableTrigger,
  kDisableTrigger,
  kRowSecurity,
  kReplicaIdentity,
  kAddValue,  // ALTER TYPE ... ADD VALUE
  kOther,
};
const char* NameOf(ActionKind kind);  // "ADD COLUMN"

// One clause of an ALTER statement, one element of CREATE TABLE.
struct Action {
  ActionKind kind = ActionKind::kOther;
  std::string name;      // of the column, constraint, trigger or value; empty: it has none, or the server makes one
  std::string new_name;  // of what is renamed or moved
  std::string type;      // of a column, as the parser names it: int8, varchar, public.mood[]
  Words words;
  ObjectName other;  // the table that a foreign key references, the partition
};

struct Statement {
  std::string text;
  std::size_t offset = 0;  // of its first token, in bytes from the start of the script
  int line = 1;            // of its first token
  StatementClass kind = StatementClass::kTransactional;
  bool session_setting = false;  // SET or RESET that outlives its transaction: run again when a revision is resumed
  bool runs_code = false;        // may leave session state behind (DO, SELECT, CALL, PREPARE, ...)

  std::string verb;     // the command tag: ALTER TABLE
  std::string subject;  // what kind of thing the verb is about, where the tag does not say: REINDEX SCHEMA
  std::vector<ObjectName> relations;  // those it works on, in the order of the text
  ObjectName object;                  // what it makes, changes or sets that is no relation; an index that it makes
  Words words;
  std::vector<Action> actions;

  bool Is(const char* command) const { return verb == command; }
  // ALTER TABLE, which may rewrite the table without saying so.
  bool alters_table() const { return verb == "ALTER TABLE"; }
  // The value that ALTER TYPE ... ADD VALUE adds; empty: it adds none.
  std::string AddedEnumValue() const;
  // Whether it makes the enum.
  bool MakesEnum(const ObjectName& type) const;
};

struct Script {
  std::vector<Statement> statements;
  bool begins_and_commits = false;  // BEGIN and COMMIT stand around all of it; they are not among its statements

  // A script runs in one transaction unless one of its statements cannot.
  bool transactional() const {
    for (const Statement& statement : statements) {
      if (statement.kind != StatementClass::kTransactional) return false;
    }
    return true;
  }
};

// Whether a statement is certain to use a value of a type.
using UsesEnumValue = std::function<bool(const ObjectName& type, const std::string& value)>;

// Which of the statements that come before one in the same transaction adds a value to an enum that it uses: the server
// refuses that. A type that is made among them is left to the server, which allows it from 17 on.
std::optional<std::size_t> FirstNewValue(const std::vector<Statement>& before, const UsesEnumValue& uses);

}  // namespace headway::core
