// What the last run has found out for the next ones: at these heads, and with the revisions that are registered,
// nothing is to be done for a target. It is the one row of headway.graph. A trigger takes it back whenever the
// revisions change, so that a call that has nothing to do reads two rows instead of all of them.
#pragma once

#include <string>

#include "core/revision.hpp"
#include "pg/guard.hpp"

namespace headway::server {

// Whether an upgrade to the target has nothing to do; says so to the user. Takes no lock that outlives it.
// False: it is not known.
bool HasNothingToDo(const std::string& target);

// Which state of the registered revisions this is: another one after each transaction that changes them.
// REQUIRES: a transaction; to be read before what it is to stand for.
std::string GraphEdition();

// Keeps that an upgrade to the target has nothing to do at these heads, unless the revisions have changed since.
// REQUIRES: a transaction.
void NoteNothingToDo(const std::string& edition, const std::string& target, const core::Heads& heads);

// The trigger on headway.revision.
Datum ForgetNothingToDo();

}  // namespace headway::server
