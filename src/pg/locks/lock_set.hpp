// What the parts of lock_needs share: a set of locks in the server's memory.
//
// REQUIRES, for everything here: inside a guard, in a memory context that is thrown away afterwards.
#pragma once

#include "pg/locks/lock_need.hpp"
#include "pg/postgres.hpp"

namespace headway::pg {

struct LockSet {
  LockNeed* items;
  int count;
  int capacity;
};

// Ignores InvalidOid, catalogs and TOAST tables; of two modes the stronger stays.
void AddLock(LockSet* set, Oid relation, LOCKMODE mode);
// The relation with everything that inherits from it or is a partition of it.
void AddTree(LockSet* set, Oid relation, LOCKMODE mode);
// With the descendants unless the name was written with ONLY. Returns the oid.
Oid AddNamed(LockSet* set, const RangeVar* name, LOCKMODE mode, bool with_descendants);
void AddOwnedSequences(LockSet* set, Oid relation, LOCKMODE mode);
// The sequence of an identity column.
void AddIdentitySequence(LockSet* set, Oid table, const char* column, LOCKMODE mode);
// The indexes of a table.
void AddIndexesOf(LockSet* set, Oid table, LOCKMODE mode);
// The relations that a view or materialized view reads, and what the views among them read.
void AddViewSources(LockSet* set, Oid view, LOCKMODE mode);
// The other ends of the foreign keys of a relation: those it references and those that reference it. `column`: only
// the keys that this column is part of; 0: all.
void AddForeignKeyEnds(LockSet* set, Oid relation, AttrNumber column, LOCKMODE referenced, LOCKMODE referencing);

// Locks for dropping an object with all that goes with it; `cascade`: with what depends on it too.
void AddDropOf(LockSet* set, ObjectAddress object, bool cascade);
void AddDrop(LockSet* set, DropStmt* drop);
// The oid of an object that a table has: a trigger, a rule or a policy.
Oid FindOnTable(ObjectType type, Oid relation, const char* name);

void AddAlterTable(LockSet* set, AlterTableStmt* alter);
// FOREIGN KEY among the constraints of a column or table: the referenced table.
void AddReferenced(LockSet* set, List* constraints);
// What attaching a partition to a parent does to third tables.
void AddNewPartitionOf(LockSet* set, Oid parent);

// CREATE, REINDEX, TRUNCATE, LOCK, COMMENT and the rest: all that is neither ALTER TABLE, DROP nor a query.
void AddUtility(LockSet* set, Node* statement);

// INSERT, UPDATE, DELETE, MERGE, SELECT and whatever contains them.
void AddQuery(LockSet* set, Node* query);

}  // namespace headway::pg
