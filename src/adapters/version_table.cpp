#include "adapters/version_table.hpp"

#include <algorithm>

#include "core/format.hpp"
#include "core/identifier.hpp"
#include "core/names.hpp"
#include "core/sqlstate.hpp"
#include "pg/backend.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/process/roles.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::server {

namespace {

using core::Error;
using core::Format;
using core::Heads;

pg::PreparedQuery describe_relation(
    "SELECT c.relkind OPERATOR(pg_catalog.=) ANY (CAST('{r,p}' AS pg_catalog.\"char\"[])),"
    " pg_catalog.pg_get_userbyid(c.relowner), EXISTS (SELECT FROM "
    "pg_catalog.pg_attribute AS a WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND NOT a.attisdropped AND a.attname "
    "OPERATOR(pg_catalog.=) 'version_num'::pg_catalog.name AND a.atttypid OPERATOR(pg_catalog.=) "
    "ANY (ARRAY['pg_catalog.varchar'::pg_catalog.regtype, 'pg_catalog.text'::pg_catalog.regtype])) "
    "FROM pg_catalog.pg_class AS c WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid",
    "i");

Heads Sorted(Heads heads) {
  std::sort(heads.begin(), heads.end());
  return heads;
}

[[noreturn]] void ThrowMismatch(const std::string& table, const std::string& revision, const char* expected) {
  throw Error(core::sqlstate::kVersionMismatch,
              Format("%1% is not what the step expects: %2% should %3% a row of it", table, revision, expected),
              "Something else has changed it during the run. This step has been undone.",
              "See migrate_current() and that table, then run it again.");
}

// A setting may come from a dump, another role or a slip of the keyboard, so its schema must be said.
Oid NamedBySetting(const std::string& setting) {
  const core::ObjectName name = pg::ParseQualifiedName(setting);
  if (name.schema.empty()) {
    throw Error(core::sqlstate::kInvalidParameterValue,
                Format("headway.mirror_version_table must name a schema, too: \"%1%\"", setting), {},
                "Set it to schema.table, for example 'public.alembic_version'.");
  }
  const Oid oid = pg::RelationNamed(name);
  if (oid != pg::kNoOid) return oid;
  throw Error(core::sqlstate::kUndefinedTable,
              Format("headway.mirror_version_table names a table that does not exist: \"%1%\"", setting),
              "Nothing has been run.", "Correct the setting, or RESET headway.mirror_version_table.");
}

}  // namespace

VersionTable::VersionTable(Oid relation) : name_(pg::QualifiedName(relation)) {
  const pg::QueryResult result = describe_relation.Run({relation});
  if (result.rows.empty()) {
    throw Error(core::sqlstate::kUndefinedTable, Format("there is no relation with OID %1%", relation));
  }
  const pg::Row& row = result.rows.front();
  if (!pg::IsTrue(row[0]) || !pg::IsTrue(row[2])) {
    throw Error(core::sqlstate::kWrongObjectType, Format("%1% is not a version table of Alembic", name_),
                "It must be a table with a column \"version_num\" of type varchar or text.");
  }
  if (const std::string at_risk = pg::RoleAtRiskFrom(pg::RoleNamed(*row[1])); !at_risk.empty()) {
    throw Error(
        core::sqlstate::kInsufficientPrivilege, Format("%1% belongs to a role without your privileges", name_),
        Format("Its owner is \"%1%\", whose triggers and rules would run with %2% rights.", *row[1],
               at_risk == pg::CurrentUserName() ? "your" : "the session's"),
        Format("Connect as %1% for it, or let a role that you trust own the table.", pg::QuoteIdentifier(*row[1])));
  }
}

std::optional<VersionTable> VersionTable::Mirror() {
  const std::string setting = pg::MirrorVersionTable();
  if (setting.empty()) return std::nullopt;
  return VersionTable(NamedBySetting(setting));
}

Heads VersionTable::Read() const {
  Heads heads;
  for (pg::Row& row : pg::RunQuery(Format("SELECT version_num FROM %1%", name_)).rows) {
    if (row[0]) heads.push_back(std::move(*row[0]));
  }
  return Sorted(heads);
}

void VersionTable::Lock() const {
  try {
    pg::RunQuery(Format("LOCK TABLE %1% IN SHARE MODE NOWAIT", name_));
  } catch (Error& error) {
    if (error.Is(core::sqlstate::kLockNotAvailable)) {
      error.report().detail = "Another transaction is changing it: Alembic may be running.";
      error.report().hint = "Wait for that to end, then try again.";
    }
    throw;
  }
}

void VersionTable::Change(const Heads& removed, const Heads& added) const {
  std::size_t replaced = 0;
  if (removed.size() == 1 && added.size() == 1) {
    const std::string update =
        Format("UPDATE %1% SET version_num = $2 WHERE version_num::pg_catalog.text OPERATOR(pg_catalog.=) $1", name_);
    if (pg::RunQuery(update, "tt", {removed.front(), added.front()}).processed != 1) {
      ThrowMismatch(name_, removed.front(), "be");
    }
    replaced = 1;
  }
  for (std::size_t i = replaced; i < removed.size(); ++i) {
    const std::string remove =
        Format("DELETE FROM %1% WHERE version_num::pg_catalog.text OPERATOR(pg_catalog.=) $1", name_);
    if (pg::RunQuery(remove, "t", {removed[i]}).processed != 1) ThrowMismatch(name_, removed[i], "be");
  }
  for (std::size_t i = replaced; i < added.size(); ++i) {
    const std::string add = Format(
        "INSERT INTO %1% (version_num) SELECT $1 WHERE NOT EXISTS (SELECT FROM %1% WHERE "
        "version_num::pg_catalog.text OPERATOR(pg_catalog.=) $1)",
        name_);
    if (pg::RunQuery(add, "t", {added[i]}).processed != 1) ThrowMismatch(name_, added[i], "not be");
  }
}

void VersionTable::Rewrite(const Heads& heads) const {
  if (Read() == Sorted(heads)) return;
  pg::RunQuery(Format("DELETE FROM %1%", name_));
  pg::RunQuery(Format("INSERT INTO %1% (version_num) SELECT pg_catalog.unnest($1)", name_), "T", {heads});
}

std::string ShowHeads(const Heads& heads) { return heads.empty() ? std::string(core::kBase) : core::ListNames(heads); }

std::string HeadsAsTarget(const Heads& heads) {
  return heads.empty() ? std::string(core::kBase) : core::JoinNames(heads);
}

std::string DescribeMirrorOutOfStep(const Heads& heads) {
  const std::optional<VersionTable> mirror = VersionTable::Mirror();
  if (!mirror) return {};
  const Heads versions = mirror->Read();
  if (versions == Sorted(heads)) return {};
  return Format("headway.version: %1%. %2%: %3%.", ShowHeads(heads), mirror->name(), ShowHeads(versions));
}

void RequireMirrorInStep(const Heads& heads) {
  const std::string difference = DescribeMirrorOutOfStep(heads);
  if (difference.empty()) return;
  throw Error(core::sqlstate::kVersionMismatch, "the mirrored version table is not in step with headway.version",
              difference + " Something else has changed one of them. Nothing has been run.",
              Format("If headway.version is right: SELECT migrate_stamp('%1%'). If the other one is: SELECT "
                     "migrate_stamp('%2%', purge => true). Either writes both.",
                     HeadsAsTarget(heads), HeadsAsTarget(VersionTable::Mirror()->Read())));
}

}  // namespace headway::server
