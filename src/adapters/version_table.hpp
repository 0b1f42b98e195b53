// Alembic's version table: read when a database is taken over, and kept in step when headway.mirror_version_table
// names it, in the transaction of each step.
#pragma once

#include <optional>
#include <string>

#include "core/revision.hpp"
#include "pg/guard.hpp"

namespace headway::server {

class VersionTable {
 public:
  // Throws when the relation is not a table with a column version_num, or is not to be trusted: what a lesser role has
  // attached to its table would run with the rights of whoever writes to it.
  explicit VersionTable(Oid relation);
  // The one that the setting names; nothing when it is empty.
  static std::optional<VersionTable> Mirror();

  const std::string& name() const { return name_; }

  core::Heads Read() const;
  // Until the end of the transaction nobody else changes it; throws kLockNotAvailable when somebody is about to.
  void Lock() const;
  // Throws kVersionMismatch when its rows are not what the step expects.
  void Change(const core::Heads& removed, const core::Heads& added) const;
  // Whatever it held.
  void Rewrite(const core::Heads& heads) const;

 private:
  std::string name_;  // qualified and quoted
};

// How the mirror differs from headway.version; empty: it does not, or there is none.
std::string DescribeMirrorOutOfStep(const core::Heads& heads);
// Throws kVersionMismatch unless the mirror, if there is one, holds the same as headway.version.
void RequireMirrorInStep(const core::Heads& heads);

// Heads in messages, and as a target that names them; none: base.
std::string ShowHeads(const core::Heads& heads);
std::string HeadsAsTarget(const core::Heads& heads);

}  // namespace headway::server
