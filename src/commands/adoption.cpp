#include "commands/adoption.hpp"

#include <algorithm>

#include "adapters/revision_store.hpp"
#include "adapters/sessions.hpp"
#include "adapters/version_table.hpp"
#include "commands/inspection.hpp"
#include "commands/migration.hpp"
#include "core/format.hpp"
#include "core/identifier.hpp"
#include "core/names.hpp"
#include "core/sqlstate.hpp"
#include "pg/backend.hpp"
#include "pg/settings.hpp"
#include "pg/text.hpp"

namespace headway::server {

using core::Error;
using core::Format;
using core::Heads;

namespace {

Heads Unregistered(const core::RevisionGraph& graph, const Heads& versions) {
  Heads unknown;
  std::copy_if(versions.begin(), versions.end(), std::back_inserter(unknown),
               [&](const std::string& version) { return !graph.IndexOf(version); });
  return unknown;
}

void RequireAdoptable(const VersionTable& table, const Heads& versions) {
  const DatabaseState state = DatabaseState::Load();
  const Heads unknown = Unregistered(state.graph, versions);
  if (!unknown.empty()) {
    throw Error(core::sqlstate::kUnknownRevision,
                Format("%1% names revisions that are not registered: %2%", table.name(), core::ListNames(unknown)), {},
                "Register them first, under the ids that they have in Alembic.");
  }
  if (state.heads.empty()) return;
  throw Error(
      core::sqlstate::kObjectNotInPrerequisiteState, "revisions are applied here already",
      Format("headway.version: %1%. %2%: %3%.", core::ListNames(state.heads), table.name(), ShowHeads(versions)),
      Format("To take over what the table says: SELECT migrate_stamp('%1%', purge => true).", HeadsAsTarget(versions)));
}

}  // namespace

std::int64_t Adopt(Oid version_table) {
  RequireOutsideScript("migrate_adopt");
  const VersionTable table(version_table);
  table.Lock();
  const Heads versions = table.Read();
  const Heads heads = RevisionStore().LoadHeads();
  if (heads == versions) {
    pg::ReportNotice(Format("nothing to do: both are at %1%", ShowHeads(versions)), {}, {});
    return 0;
  }
  RequireAdoptable(table, versions);
  const std::int64_t changed = Stamp(HeadsAsTarget(versions), true);
  const bool mirrored = !pg::MirrorVersionTable().empty();
  pg::ReportNotice(Format("the database is at %1%, as %2% says", ShowHeads(versions), table.name()), {},
                   mirrored ? std::string()
                            : Format("To let every step keep that table in step: ALTER DATABASE ... SET "
                                     "headway.mirror_version_table = %1%.",
                                     pg::QuoteLiteral(table.name())));
  return changed;
}

}  // namespace headway::server
