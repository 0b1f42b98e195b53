#include "operations/indexes.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "operations/common_phases.hpp"
#include "pg/catalog/index_definition.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/catalog/partition_index.hpp"
#include "pg/parse/index_clause.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace headway::operations {

using core::Error;
using core::Format;
namespace sqlstate = core::sqlstate;

namespace {

pg::PreparedQuery find_index(
    "SELECT i.indexrelid, i.indisvalid FROM pg_catalog.pg_index i"
    " JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid"
    " WHERE i.indrelid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)"
    " AND c.relname OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.name)",
    "it");

// A partition without a valid index that is attached to the parent's; partitioned ones first, since an error of theirs
// is to be met before anything is built.
pg::PreparedQuery first_incomplete(
    "SELECT c.oid, c.relkind, x.indexrelid FROM pg_catalog.pg_inherits h"
    " JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) h.inhrelid"
    " LEFT JOIN (pg_catalog.pg_inherits a JOIN pg_catalog.pg_index x ON x.indexrelid OPERATOR(pg_catalog.=) a.inhrelid)"
    " ON a.inhparent OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.oid) AND x.indrelid OPERATOR(pg_catalog.=) c.oid"
    " WHERE h.inhparent OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid) AND NOT h.inhdetachpending"
    " AND x.indisvalid IS NOT TRUE"
    " ORDER BY c.relkind OPERATOR(pg_catalog.=) 'p' DESC, c.oid LIMIT 1",
    "ii");

pg::PreparedQuery first_attached(
    "SELECT CAST(pg_catalog.min(CAST(h.inhrelid AS pg_catalog.int8)) AS pg_catalog.text) FROM pg_catalog.pg_inherits h"
    " WHERE h.inhparent OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)",
    "i");

pg::PreparedQuery name_is_taken(
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relname OPERATOR(pg_catalog.=) CAST($2 AS "
    "pg_catalog.name)"
    " AND c.relnamespace OPERATOR(pg_catalog.=) t.relnamespace) OR EXISTS (SELECT FROM pg_catalog.pg_constraint k"
    " WHERE k.conrelid OPERATOR(pg_catalog.=) t.oid AND k.conname OPERATOR(pg_catalog.=) CAST($2 AS pg_catalog.name))"
    " FROM pg_catalog.pg_class t WHERE t.oid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.oid)",
    "it");

pg::PreparedQuery first_foreign(
    "SELECT CAST(c.oid AS pg_catalog.text) FROM pg_catalog.pg_class c"
    " WHERE c.oid OPERATOR(pg_catalog.=) ANY (CAST($1 AS pg_catalog.oid[]))"
    " AND c.relkind OPERATOR(pg_catalog.=) 'f' ORDER BY c.oid LIMIT 1",
    "T");

// A column of a partition key that is not among the names; NULL: an expression.
pg::PreparedQuery first_lacking(
    "SELECT c.relname, a.attname FROM pg_catalog.pg_partitioned_table p"
    " JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) p.partrelid"
    " CROSS JOIN LATERAL pg_catalog.unnest(CAST(p.partattrs AS pg_catalog.int2[])) k"
    " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) p.partrelid"
    " AND a.attnum OPERATOR(pg_catalog.=) k AND k OPERATOR(pg_catalog.<>) 0"
    " WHERE p.partrelid OPERATOR(pg_catalog.=) ANY (CAST($1 AS pg_catalog.oid[]))"
    " AND (a.attname IS NULL OR NOT CAST(a.attname AS pg_catalog.text) OPERATOR(pg_catalog.=) ANY ($2))"
    " ORDER BY p.partrelid LIMIT 1",
    "TT");

pg::PreparedQuery first_primary_key(
    "SELECT k.conrelid, k.conname, pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint k"
    " WHERE k.conrelid OPERATOR(pg_catalog.=) ANY (CAST($1 AS pg_catalog.oid[]))"
    " AND k.contype OPERATOR(pg_catalog.=) 'p'"
    " AND (pg_catalog.pg_get_constraintdef(k.oid) OPERATOR(pg_catalog.<>) $2"
    " OR k.conrelid OPERATOR(pg_catalog.=) CAST($3 AS pg_catalog.oid)"
    " AND k.conname OPERATOR(pg_catalog.<>) CAST($4 AS pg_catalog.name))"
    " ORDER BY k.conrelid LIMIT 1",
    "Ttit");

struct Found {
  std::uint32_t oid = 0;
  bool valid = false;
};

std::optional<Found> FindIndex(const Table& table, const std::string& name) {
  const pg::QueryResult found = find_index.Run({table.oid, name});
  if (found.rows.empty()) return std::nullopt;
  return Found{pg::ToOid(found.rows.front()[0]), pg::IsTrue(found.rows.front()[1])};
}

// --- Statements. ---

std::string CreateConcurrently(const IndexRequest& request, const Table& table, const std::string& name) {
  return Format("CREATE %1%INDEX CONCURRENTLY IF NOT EXISTS %2% ON %3% %4%", request.unique ? "UNIQUE " : "",
                pg::QuoteIdentifier(name), pg::QualifiedName(table.oid), request.definition);
}

// The parent's alone, without anything in it.
std::string CreateOnParent(const IndexRequest& request, const Table& table, const std::string& name) {
  if (request.has_constraint()) {
    return Format("ALTER TABLE ONLY %1% ADD CONSTRAINT %2% %3% %4%", pg::QualifiedName(table.oid),
                  pg::QuoteIdentifier(name), request.kind, request.clause);
  }
  return Format("CREATE %1%INDEX IF NOT EXISTS %2% ON ONLY %3% %4%", request.unique ? "UNIQUE " : "",
                pg::QuoteIdentifier(name), pg::QualifiedName(table.oid), request.definition);
}

std::string AddConstraint(const IndexRequest& request, const Table& table, const std::string& name) {
  return Format("ALTER TABLE %1% ADD CONSTRAINT %2% %3% USING INDEX %2%%4%", pg::QualifiedName(table.oid),
                pg::QuoteIdentifier(name), request.kind, request.attributes);
}

std::string Attach(std::uint32_t parent_index, std::uint32_t index) {
  return Format("ALTER INDEX %1% ATTACH PARTITION %2%", pg::QualifiedName(parent_index), pg::QualifiedName(index));
}

// --- What there is to do, each in an open unit. ---

// Whether the constraint is there; throws when its name belongs to another one.
bool HasConstraint(const IndexRequest& request) {
  const std::optional<Constraint> existing = FindConstraint(request.table, request.name);
  if (!existing) return false;
  if (existing->definition != request.constraint) ThrowOtherConstraint(request.table, *existing);
  return true;
}

void RequireSame(const std::string& statement) {
  try {
    pg::RequireSameIndex(statement);
  } catch (Error& error) {
    if (error.Is(sqlstate::kDuplicateTable)) error.report().hint = "Drop it, or ask for another name.";
    throw;
  }
}

std::string NextOnTable(const IndexRequest& request) {
  if (request.has_constraint() && HasConstraint(request)) return {};
  std::string statement = CreateConcurrently(request, request.table, request.name);
  RequireSame(statement);
  const std::optional<Found> existing = FindIndex(request.table, request.name);
  return existing && existing->valid ? std::string() : statement;
}

std::string NextOnParent(const IndexRequest& request) {
  if (request.has_constraint()) {
    return HasConstraint(request) ? std::string() : CreateOnParent(request, request.table, request.name);
  }
  std::string statement = CreateOnParent(request, request.table, request.name);
  RequireSame(statement);
  return FindIndex(request.table, request.name) ? std::string() : statement;
}

std::string NameOf(const IndexRequest& request, const Table& partition, int number) {
  const std::string suffix = number == 0 ? request.suffix : request.suffix + std::to_string(number);
  return pg::MakeObjectName(partition.last_name, request.columns, suffix);
}

// Makes the index of a partition that has none to attach, or goes on with what is left of an earlier try.
std::string NextOnPartition(const IndexRequest& request, const Table& partition,
                            const std::vector<pg::PartitionIndex>& alike) {
  for (int number = 0;; ++number) {
    const std::string name = NameOf(request, partition, number);
    const std::optional<Found> existing = FindIndex(partition, name);
    bool is_ours = false;
    for (const pg::PartitionIndex& index : alike) {
      if (existing && existing->oid == index.index) is_ours = !index.has_constraint && !partition.partitioned;
    }
    if (is_ours && existing->valid) return AddConstraint(request, partition, name);
    if (!is_ours && pg::IsTrue(name_is_taken.Run({partition.oid, name}).Single())) continue;
    return partition.partitioned ? CreateOnParent(request, partition, name)
                                 : CreateConcurrently(request, partition, name);
  }
}

std::string NextInTree(const IndexRequest& request, const Table& parent, std::uint32_t parent_index);

// `attached`: its index, which is not valid; 0: it has none yet.
std::string NextBelow(const IndexRequest& request, const Table& partition, std::uint32_t parent_index,
                      std::uint32_t attached) {
  if (attached != 0) {
    return partition.partitioned ? NextInTree(request, partition, attached)
                                 : "REINDEX INDEX CONCURRENTLY " + pg::QualifiedName(attached);
  }
  const std::vector<pg::PartitionIndex> alike = pg::IndexesLike(parent_index, partition.oid);
  std::uint32_t begun = 0;
  for (const pg::PartitionIndex& index : alike) {
    if (request.has_constraint() && !index.has_constraint) continue;
    if (index.valid) return Attach(parent_index, index.index);
    begun = index.index;
  }
  if (partition.partitioned && begun != 0) return NextInTree(request, partition, begun);
  return NextOnPartition(request, partition, alike);
}

// The parent's index is there and not valid.
std::string NextInTree(const IndexRequest& request, const Table& parent, std::uint32_t parent_index) {
  const auto index = static_cast<std::int64_t>(parent_index);
  const pg::QueryResult incomplete = first_incomplete.Run({parent.oid, index});
  if (!incomplete.rows.empty()) {
    const pg::Row& row = incomplete.rows.front();
    return NextBelow(request, RequireTable(pg::ToOid(row[0])), parent_index, row[2] ? pg::ToOid(row[2]) : 0);
  }
  // All of them have it, and the parent has not heard of it: the last that lacked it has gone. Attaching one again
  // makes the server look.
  if (const pg::Field any = first_attached.Run({index}).Single()) return Attach(parent_index, pg::ToOid(any));
  const std::string name = pg::QualifiedName(parent_index);
  throw Error(sqlstate::kObjectNotInPrerequisiteState,
              Format("%1% is not valid, and %2% has no partition any more", name, parent.name), {},
              Format("Drop %1%, then call it again: without partitions it is valid at once.", name));
}

std::string NextOfPartitions(const IndexRequest& request) {
  const std::optional<Found> index = FindIndex(request.table, request.name);
  if (!index) {
    throw Error(sqlstate::kObjectNotInPrerequisiteState,
                Format("the index %1% has been dropped meanwhile", pg::QuoteIdentifier(request.name)), {},
                "Call it again when whoever drops it has ended.");
  }
  if (index->valid) return {};
  return NextInTree(request, request.table, index->oid);
}

// --- What makes it impossible, before anything is built. ---

void RefuseForeign(const Table& table) {
  const std::vector<std::string> tree = TreeOf(table);
  const pg::Field foreign = first_foreign.Run({tree}).Single();
  if (!foreign) return;
  throw Error(sqlstate::kFeatureNotSupported, Format("%1% has a partition that is a foreign table", table.name),
              Format("It is %1%: no index can be built on it, so that of the parent would never become valid.",
                     pg::QualifiedName(pg::ToOid(foreign))),
              "Build it on each of the other partitions in this way; then CREATE INDEX on the parent finds them and "
              "builds nothing.");
}

// In the server's words, which says so of a partition of a partition only when others have been built.
void RequirePartitionColumns(const IndexRequest& request) {
  const std::vector<std::string> tree = TreeOf(request.table);
  const pg::QueryResult lacking = first_lacking.Run({tree, request.keys});
  if (lacking.rows.empty()) return;
  const pg::Row& row = lacking.rows.front();
  const std::string kind = request.has_constraint() ? request.kind : "UNIQUE";
  if (!row[1]) {
    throw Error(sqlstate::kFeatureNotSupported,
                Format("unsupported %1% constraint with partition key definition", kind),
                Format("%1% constraints cannot be used when partition keys include expressions.", kind));
  }
  throw Error(sqlstate::kFeatureNotSupported,
              "unique constraint on partitioned table must include all partitioning columns",
              Format("%1% constraint on table \"%2%\" lacks column \"%3%\" which is part of the partition key.", kind,
                     *row[0], *row[1]),
              "Add the column to the key; or make the rows unique in each partition by itself.");
}

// --- Phases. ---

// Where duplicates are found, and what becomes of the index that could not be built because of them.
std::string DuplicatesHint(const IndexRequest& request) {
  std::string keys;
  for (const std::string& key : request.keys) keys += (keys.empty() ? "" : ", ") + pg::QuoteIdentifier(key);
  if (!request.only_columns) keys = "...";
  const std::string index = pg::QualifiedSibling(request.table.oid, request.name);
  const std::string begin = Format(
      "Find all of them with SELECT %1%, count(*) FROM %2% GROUP BY %1% HAVING count(*) > 1, correct them, then "
      "call it again: it goes on here.",
      keys, request.table.name);
  if (!request.table.partitioned) {
    return Format(
        "%1% The INVALID index that is left behind is dropped by the next call; now: DROP INDEX CONCURRENTLY "
        "%2%.",
        begin, index);
  }
  const std::string drop = request.has_constraint() ? Format("ALTER TABLE %1% DROP CONSTRAINT %2%", request.table.name,
                                                             pg::QuoteIdentifier(request.name))
                                                    : "DROP INDEX " + index;
  return Format(
      "%1% The partition's INVALID index that is left behind is dropped by the next call. To give up: drop it, "
      "then %2%.",
      begin, drop);
}

void AppendOnPartitions(engine::PhasedOperation& operation, const IndexRequest& request) {
  const std::string quoted = pg::QuoteIdentifier(request.name);
  operation.phases.push_back(
      Statements(Format("make %1% on the parent alone", quoted), [=] { return NextOnParent(request); }));
  operation.phases.push_back(
      Statements(Format("build %1% on the partitions, one by one", quoted), [=] { return NextOfPartitions(request); }));
  if (request.unique) operation.phases.back().hint = DuplicatesHint(request);
  operation.phases.back().without_effect =
      "Older minor releases of the server do not mark an index valid when each partition has its part of it already. "
      "Update the server to its newest minor release and call it again; or drop the index and call it again.";
}

void AppendOnTable(engine::PhasedOperation& operation, const IndexRequest& request) {
  const std::string quoted = pg::QuoteIdentifier(request.name);
  operation.phases.push_back(Statements(Format("build the index %1%", quoted), [=] { return NextOnTable(request); }));
  if (request.unique) operation.phases.back().hint = DuplicatesHint(request);
  if (!request.has_constraint()) return;
  operation.phases.push_back(Statements(Format("make it the constraint %1%", quoted), [=]() -> std::string {
    return HasConstraint(request) ? std::string() : AddConstraint(request, request.table, request.name);
  }));
}

// Nothing is done before it is clear that the server will take them, in its words.
void RequireKey(const std::vector<std::string>& keys, const std::string& kind) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (std::find(keys.begin() + static_cast<std::ptrdiff_t>(i) + 1, keys.end(), keys[i]) == keys.end()) continue;
    throw Error(sqlstate::kDuplicateColumn, Format("column \"%1%\" appears twice in %2% constraint", keys[i],
                                                   kind == "UNIQUE" ? "unique" : "primary key"));
  }
}

void RequireColumns(const Table& table, const std::vector<std::string>& columns) {
  for (const std::string& column : columns) {
    if (FindColumn(table, column)) continue;
    throw Error(sqlstate::kUndefinedColumn, Format("column \"%1%\" named in key does not exist", column),
                Format("The table is %1%.", table.name));
  }
}

}  // namespace

IndexRequest KeyRequest(const OperationCall& call, const std::string& kind) {
  IndexRequest request;
  request.table = RequireTable(call.Relation(0, "relation"));
  request.kind = kind;
  request.clause = call.Text(1, "definition");
  const pg::KeyClause clause = pg::ParseKeyClause(request.clause, kind);
  std::vector<std::string> columns = clause.keys;
  columns.insert(columns.end(), clause.included.begin(), clause.included.end());
  RequireColumns(request.table, columns);
  RequireKey(clause.keys, kind);
  const bool primary = kind == "PRIMARY KEY";
  if (!primary) request.columns = pg::JoinLabels(columns);
  request.suffix = primary ? "pkey" : "key";
  request.definition = clause.index;
  request.unique = true;
  request.keys = clause.keys;
  request.constraint = clause.constraint;
  request.attributes = clause.attributes;
  request.name =
      call.Name(2, "name").value_or(pg::MakeObjectName(request.table.last_name, request.columns, request.suffix));
  return request;
}

void RefuseOtherPrimaryKey(const IndexRequest& request) {
  const auto self = request.table.oid;
  // What inherits from a plain table has keys of its own.
  std::vector<std::string> tree = {std::to_string(self)};
  if (request.table.partitioned) tree = TreeOf(request.table);
  const pg::QueryResult other = first_primary_key.Run({tree, request.constraint, self, request.name});
  if (other.rows.empty()) return;
  const pg::Row& row = other.rows.front();
  const Table table = RequireTable(pg::ToOid(row[0]));
  throw Error(sqlstate::kInvalidTableDefinition,
              Format("multiple primary keys for table \"%1%\" are not allowed", table.last_name),
              Format("There is %1%: %2%.", pg::QuoteIdentifier(*row[1]), *row[2]),
              Format("To replace it: ALTER TABLE %1% DROP CONSTRAINT %2%, or make the new one UNIQUE.", table.name,
                     pg::QuoteIdentifier(*row[1])));
}

void AppendIndex(engine::PhasedOperation& operation, const IndexRequest& request) {
  // A name that is taken is met before anything is done.
  if (!request.table.partitioned) {
    NextOnTable(request);
    AppendOnTable(operation, request);
    return;
  }
  RefuseForeign(request.table);
  if (request.unique) RequirePartitionColumns(request);
  NextOnParent(request);
  AppendOnPartitions(operation, request);
}

}  // namespace headway::operations
