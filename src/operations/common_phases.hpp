// What several operations are built from: phases of statements, validation, filling, NOT NULL.
#pragma once

#include <functional>
#include <string>

#include "operations/catalog.hpp"
#include "operations/operation_call.hpp"

namespace headway::operations {

// A phase of statements: `next` returns the text of the next one, or of several that are done in one transaction;
// empty: there is none (any more).
engine::Phase Statements(std::string title, std::function<std::string()> next);

// The statements of a text; an empty one: none.
std::vector<core::Statement> StatementsOf(const std::string& text, const std::string& title);
// The same as what a phase may be asked for.
std::optional<engine::PhaseWork> AsWork(const std::string& text, const std::string& title);

// ALTER TABLE of the name that the table has now.
std::string Alter(const Table& table, const std::string& what);

// Fails when a constraint of the name is there and is another one than is asked for.
[[noreturn]] void ThrowOtherConstraint(const Table& table, const Constraint& existing);

// ALTER TABLE ... VALIDATE CONSTRAINT, partition by partition.
engine::Phase Validate(const Table& table, const std::string& constraint, std::string hint);

// A CHECK: NOT VALID, then validated.
void AppendCheck(engine::PhasedOperation& operation, const Table& table, const std::string& name,
                 const std::string& expression);

// A foreign key: NOT VALID, then validated, and an index for it missed. `definition`: as behind FOREIGN KEY; its
// columns need not be there yet. Of a partitioned table the leaves get it first, since the server takes theirs over
// unread.
void AppendForeignKey(engine::PhasedOperation& operation, const Table& table, const std::string& name,
                      const std::string& definition);
// As the server would name it, without numbering.
std::string ForeignKeyName(const Table& table, const std::string& definition);

// Fills the rows that hold a NULL, once in a call; those that get one later are others' business. `next` says from the
// catalogs what is to be set; empty: nothing is to be filled.
engine::Phase Fill(const OperationCall& call, const Table& table, const std::string& column,
                   std::function<std::string()> next);
// column = DEFAULT
std::string SetDefault(const std::string& column);

// Makes a column NOT NULL without a scan under a strong lock; `fill`: what is set in the rows that hold a NULL.
void AppendNotNull(engine::PhasedOperation& operation, const OperationCall& call, const Table& table,
                   const std::string& column, const std::optional<std::string>& fill, const NotNullKind& kind = {});

}  // namespace headway::operations
