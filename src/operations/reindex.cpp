// safe_reindex(): REINDEX INDEX CONCURRENTLY, index by index.
//
// Nothing in the catalogs says that an index is fresh, but REINDEX CONCURRENTLY puts a new index, with another oid, in
// the place of the old one. So the oids are written down at the beginning (headway.reindex): those that are there still
// are those that are still to be rebuilt, whatever has stopped an earlier call.
#include <memory>
#include <utility>

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "operations/common_phases.hpp"
#include "pg/backend.hpp"
#include "pg/catalog/index_leftovers.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/catalog/table_shape.hpp"
#include "pg/parse/script.hpp"
#include "pg/spi.hpp"

namespace headway::operations {

using core::Error;
using core::Format;
namespace sqlstate = core::sqlstate;

namespace {

pg::PreparedQuery describe_relation(
    "SELECT c.relkind, i.indrelid FROM pg_catalog.pg_class c"
    " LEFT JOIN pg_catalog.pg_index i ON i.indexrelid OPERATOR(pg_catalog.=) c.oid"
    " WHERE c.oid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)",
    "i");

pg::PreparedQuery leaves_of_index(
    "SELECT CAST(relid AS pg_catalog.oid) FROM"
    " pg_catalog.pg_partition_tree(CAST(CAST($1 AS pg_catalog.oid) AS pg_catalog.regclass)) WHERE isleaf",
    "i");

// The indexes of tables and of their TOAST tables.
pg::PreparedQuery indexes_of_tables(
    "SELECT i.indexrelid FROM pg_catalog.pg_class t JOIN pg_catalog.pg_index i"
    " ON i.indrelid OPERATOR(pg_catalog.=) t.oid OR i.indrelid OPERATOR(pg_catalog.=) t.reltoastrelid"
    " WHERE t.oid OPERATOR(pg_catalog.=) ANY (CAST($1 AS pg_catalog.oid[]))",
    "T");

// Smallest first, without what a REINDEX that was stopped has left behind; whether it can be done concurrently, and
// whether the name can be said: nobody but a superuser may use the schema of TOAST tables unless it is granted.
pg::PreparedQuery sort_indexes(
    "SELECT i.indexrelid, i.indisexclusion, pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')"
    " FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid"
    " WHERE i.indexrelid OPERATOR(pg_catalog.=) ANY (CAST($1 AS pg_catalog.oid[]))"
    " AND c.relkind OPERATOR(pg_catalog.=) 'i' AND (i.indisvalid"
    " OR CAST(c.relname AS pg_catalog.text) OPERATOR(pg_catalog.!~) '_cc(new|old)[0-9]*$')"
    " ORDER BY pg_catalog.pg_relation_size(CAST(i.indexrelid AS pg_catalog.regclass)), i.indexrelid",
    "T");

pg::PreparedQuery find_job(
    "SELECT pg_catalog.unnest(indexes) FROM headway.reindex"
    " WHERE relation OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)",
    "i");
pg::PreparedQuery begin_job(
    "INSERT INTO headway.reindex (relation, indexes) VALUES (CAST($1 AS pg_catalog.oid), CAST($2 AS pg_catalog.oid[]))"
    " ON CONFLICT DO NOTHING",
    "iT");
pg::PreparedQuery forget_dropped(
    "DELETE FROM headway.reindex j WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c"
    " WHERE c.oid OPERATOR(pg_catalog.=) j.relation)",
    "");
pg::PreparedQuery end_job(
    "DELETE FROM headway.reindex WHERE relation OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)", "i");

using Oids = std::vector<std::string>;

struct Job {
  std::int64_t relation = 0;
  std::string name;
  std::string table;
  bool recorded = true;  // in headway.reindex; one index alone needs no record
  bool resumed = false;
  Oids indexes;                                               // still to be rebuilt
  std::vector<std::pair<std::string, const char*>> left_out;  // and why
};

void RefuseForeignTable(std::uint32_t table, const std::string& index) {
  const pg::TableShape shape = pg::DescribeTable(table);
  if (shape.is_catalog) {
    throw Error(sqlstate::kInsufficientPrivilege, Format("%1% is an index of a system catalog", index), {},
                "The server rebuilds those only under a strong lock: REINDEX by itself, when nobody is there.");
  }
  if (shape.temporary) {
    throw Error(sqlstate::kFeatureNotSupported, Format("%1% is an index of a temporary table", index),
                "The background worker that does the phases cannot see it.",
                "Nobody else can wait for it: use the plain statement.");
  }
}

Oids IndexesOf(const pg::Row& row, Job& job) {
  if (!row[1]) {
    const Table table = RequireIndexed(static_cast<std::uint32_t>(job.relation));
    job.table = table.name;
    const Oids tables = table.partitioned ? TreeOf(table) : Oids{std::to_string(table.oid)};
    return indexes_of_tables.Run({tables}).Column();
  }
  RefuseForeignTable(pg::ToOid(row[1]), job.name);
  job.table = pg::QualifiedName(pg::ToOid(row[1]));
  job.recorded = row[0] == "I";
  return job.recorded ? leaves_of_index.Run({job.relation}).Column() : Oids{std::to_string(job.relation)};
}

// Nothing when the relation is there no more.
std::optional<Job> Plan(std::uint32_t relation) {
  Job job;
  job.relation = relation;
  job.name = pg::QualifiedName(relation);
  const pg::QueryResult described = describe_relation.Run({job.relation});
  if (described.rows.empty()) return std::nullopt;
  Oids asked = IndexesOf(described.rows.front(), job);
  if (job.recorded) {
    const Oids recorded = find_job.Run({job.relation}).Column();
    job.resumed = !recorded.empty();
    if (job.resumed) asked = recorded;
  }
  for (const pg::Row& row : sort_indexes.Run({asked}).rows) {
    if (job.recorded && pg::IsTrue(row[1])) {
      job.left_out.emplace_back(*row[0], "it belongs to an exclusion constraint, which cannot be rebuilt concurrently");
    } else if (job.recorded && !pg::IsTrue(row[2])) {
      job.left_out.emplace_back(*row[0],
                                "its name cannot be said: USAGE on its schema, which TOAST tables are in, is for "
                                "superusers unless it is granted");
    } else {
      job.indexes.push_back(*row[0]);
    }
  }
  return job;
}

// Before the first index is touched.
void Begin(const Job& job) {
  if (job.resumed) {
    pg::ReportNotice(
        Format("going on with a rebuild of %1% that was stopped; indexes left: %2%", job.name, job.indexes.size()), {},
        {});
    return;
  }
  for (const auto& [index, why] : job.left_out) {
    pg::ReportNotice(Format("%1% is left out: %2%", pg::QualifiedName(pg::ToOid(index)), why), {}, {});
  }
  forget_dropped.Run();
  begin_job.Run({job.relation, job.indexes});
}

// What an interrupted REINDEX has left under another name is not worked on: it is only to be dropped.
std::string RebuildStatement(const std::string& index) {
  const Oids one = {index};
  if (sort_indexes.Run({one}).rows.empty()) return {};
  return "REINDEX INDEX CONCURRENTLY " + pg::QualifiedName(pg::ToOid(index));
}

std::string NextLeftover(const Job& job) {
  if (pg::QualifiedName(static_cast<std::uint32_t>(job.relation)).empty()) return {};
  const std::vector<pg::IndexLeftover> leftovers =
      pg::InvalidIndexesOf(pg::ParseScript("REINDEX TABLE CONCURRENTLY " + job.table, job.table).statements.front());
  return leftovers.empty() ? std::string() : leftovers.front().drop_statement;
}

engine::Phase Rebuild(const Job& job, const std::string& index, const std::shared_ptr<bool>& begun) {
  const std::string name = pg::QualifiedName(pg::ToOid(index));
  engine::Phase phase = Statements(Format("rebuild %1%", name), [=]() -> std::string {
    if (job.recorded && !*begun) Begin(job);
    *begun = true;
    return RebuildStatement(index);
  });
  phase.hint = Format(
      "The index does not fit the rows. Correct them, or drop %1% if it is not needed; then call it "
      "again: it goes on with those that are left.",
      name);
  return phase;
}

}  // namespace

engine::PhasedOperation Reindex(const OperationCall& call) {
  const std::uint32_t relation = call.Relation(0, "relation");
  engine::PhasedOperation operation;
  operation.name = Format("safe_reindex of the relation with OID %1%", relation);
  operation.table = operation.name;
  operation.nothing_to_do =
      Format("the relation with OID %1% is gone; an index that another session rebuilds gets another OID", relation);
  const std::optional<Job> job = Plan(relation);
  if (!job) return operation;

  operation.name = "safe_reindex of " + job->name;
  operation.table = job->table;
  operation.nothing_to_do =
      job->resumed
          ? Format("a rebuild of %1% that was stopped had nothing left to do; call it again for another one", job->name)
          : Format("%1% has no index that is to be rebuilt", job->name);
  if (!job->resumed && job->indexes.empty()) {
    for (const auto& [index, why] : job->left_out) {
      operation.nothing_to_do += Format("; %1% is left out: %2%", pg::QualifiedName(pg::ToOid(index)), why);
    }
  }
  const auto begun = std::make_shared<bool>(false);
  for (const std::string& index : job->indexes) operation.phases.push_back(Rebuild(*job, index, begun));
  operation.phases.push_back(Statements("drop what was left behind", [job = *job]() -> std::string {
    std::string statement = NextLeftover(job);
    if (statement.empty() && job.recorded) end_job.Run({job.relation});
    return statement;
  }));
  return operation;
}

}  // namespace headway::operations
