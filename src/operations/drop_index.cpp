// safe_drop_index(): DROP INDEX CONCURRENTLY, or why it cannot be that.
#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "operations/common_phases.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/catalog/table_shape.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::operations {

using core::Error;
using core::Format;
namespace sqlstate = core::sqlstate;

namespace {

// The constraint is the one that it belongs to; else a foreign key that relies on it.
pg::PreparedQuery describe_index(
    "SELECT c.relkind, i.indrelid, CASE WHEN c.relispartition"
    " THEN CAST(pg_catalog.pg_partition_root(CAST(c.oid AS pg_catalog.regclass)) AS pg_catalog.oid) END,"
    " k.conname, k.conrelid, k.contype, pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_class c"
    " LEFT JOIN pg_catalog.pg_index i ON i.indexrelid OPERATOR(pg_catalog.=) c.oid"
    " LEFT JOIN pg_catalog.pg_constraint k ON k.conindid OPERATOR(pg_catalog.=) c.oid"
    " WHERE c.oid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " ORDER BY k.contype OPERATOR(pg_catalog.=) 'f', k.oid LIMIT 1",
    "i");

struct DoomedIndex {
  std::uint32_t oid = 0;
  std::string name;
  std::string table;
  bool partitioned = false;
};

// Nothing: it has just gone.
std::optional<pg::Row> Describe(std::uint32_t oid) {
  pg::QueryResult found = describe_index.Run({oid});
  if (found.rows.empty()) return std::nullopt;
  return std::move(found.rows.front());
}

// `row`: of the index, or of the partitioned one that it is a part of.
void RefuseConstraint(const DoomedIndex& index, const pg::Row& row) {
  if (!row[3]) return;
  const std::string constraint = pg::QuoteIdentifier(*row[3]);
  const std::string table = pg::QualifiedName(pg::ToOid(row[4]));
  const std::string drop = Format("ALTER TABLE %1% DROP CONSTRAINT %2%", table, constraint);
  throw Error(sqlstate::kDependentObjectsStillExist,
              Format("cannot drop index %1% because constraint %2% on %3% requires it", index.name, constraint, table),
              Format("It is %1%.", *row[6]),
              row[5] == "f" ? drop + " comes first, if neither is needed any more."
                            : drop + " drops both, under an ACCESS EXCLUSIVE lock for a moment.");
}

void RefusePart(const DoomedIndex& index, std::uint32_t root) {
  if (const std::optional<pg::Row> whole_index = Describe(root)) RefuseConstraint(index, *whole_index);
  const std::string whole = pg::QualifiedName(root);
  throw Error(sqlstate::kDependentObjectsStillExist,
              Format("cannot drop index %1% because index %2% of the partitioned table requires it", index.name, whole),
              {},
              Format("SELECT safe_drop_index(%1%) drops it with those of all partitions.", pg::QuoteLiteral(whole)));
}

// Nothing: it has just gone, by somebody else's hand.
std::optional<DoomedIndex> RequireDroppable(std::uint32_t oid) {
  DoomedIndex index;
  index.oid = oid;
  index.name = pg::QualifiedName(oid);
  const std::optional<pg::Row> found = Describe(oid);
  if (!found || index.name.empty()) return std::nullopt;
  const pg::Row& row = *found;
  if (!row[1]) {
    throw Error(sqlstate::kWrongObjectType, Format("%1% is not an index", index.name), {}, "Name an index.");
  }
  const std::uint32_t table = pg::ToOid(row[1]);
  index.table = pg::QualifiedName(table);
  index.partitioned = row[0] == "I";
  if (pg::DescribeTable(table).is_catalog) {
    throw Error(sqlstate::kInsufficientPrivilege, Format("%1% is an index of a system catalog", index.name), {},
                "System catalogs are not to be changed.");
  }
  if (row[2]) RefusePart(index, pg::ToOid(row[2]));
  RefuseConstraint(index, row);
  return index;
}

}  // namespace

engine::PhasedOperation DropIndex(const OperationCall& call) {
  const std::string name = call.Text(0, "name");
  const std::uint32_t oid = pg::RelationNamed(pg::ParseQualifiedName(name, "an index"));
  engine::PhasedOperation operation;
  operation.name = "safe_drop_index of " + name;
  operation.table = name;
  operation.nothing_to_do = Format("there is not an index %1%", name);
  if (oid == 0) return operation;

  const std::optional<DoomedIndex> found = RequireDroppable(oid);
  if (!found) return operation;
  const DoomedIndex& index = *found;
  operation.name = "safe_drop_index of " + index.name;
  operation.table = index.table;
  const std::string how = index.partitioned ? "DROP INDEX " : "DROP INDEX CONCURRENTLY ";
  // By its oid: another of the same name may come into view behind it.
  operation.phases.push_back(Statements(Format("drop the index %1%", index.name), [how, oid]() -> std::string {
    const std::string now = pg::QualifiedName(oid);
    return now.empty() ? now : how + now;
  }));
  return operation;
}

}  // namespace headway::operations
