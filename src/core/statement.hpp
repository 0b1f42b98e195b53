// A script as the runner sees it: statements with their place in the text and what each of them needs.
//
// The parse trees stay with the server; src/pg/script.cpp fills this from them.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace headway::core {

enum class StatementClass {
  kTransactional,    // runs in a transaction with the others
  kTopLevel,         // the server refuses it inside a transaction block: VACUUM, CREATE DATABASE, ...
  kConcurrently,     // the same, and it waits for other transactions by design: no short lock timeout
  kOwnTransactions,  // SELECT safe_backfill(...): commits by itself, holds nothing meanwhile
};

struct Statement {
  std::string text;
  std::size_t offset = 0;  // of its first token, in bytes from the start of the script
  int line = 1;            // of its first token
  StatementClass kind = StatementClass::kTransactional;
  bool session_setting = false;  // SET or RESET that outlives its transaction: run again when a revision is resumed
  bool runs_code = false;        // may leave session state behind (DO, SELECT, CALL, PREPARE, ...)
  bool alters_table = false;     // ALTER TABLE, which may write the table anew without saying so
  std::string index_name;        // CREATE INDEX CONCURRENTLY name: what a failed try leaves behind
  std::string added_enum_value;  // ALTER TYPE ... ADD VALUE
};

struct Script {
  std::vector<Statement> statements;

  // A script runs in one transaction unless one of its statements cannot.
  bool transactional() const {
    for (const Statement& statement : statements) {
      if (statement.kind != StatementClass::kTransactional) return false;
    }
    return true;
  }
};

// Whether a text of SQL holds a string constant.
using MentionsConstant = bool (*)(const std::string& text, const std::string& constant);

// Pairs of statements (adds a value, uses it), by index: the server refuses them in one transaction. From 17 on it
// does not when the type is made in it as well; there the value belongs into CREATE TYPE anyway.
std::vector<std::pair<std::size_t, std::size_t>> EnumValuesUsedTooEarly(const Script& script,
                                                                        MentionsConstant mentions);

}  // namespace headway::core
