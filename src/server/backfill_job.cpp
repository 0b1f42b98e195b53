#include "server/backfill_job.hpp"

#include <algorithm>

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/text.hpp"
#include "pg/transaction.hpp"

namespace headway::server {

namespace {

using core::Error;
using core::Format;
namespace sqlstate = core::sqlstate;

pg::PreparedQuery load_job(
    "SELECT relation, set_clause, where_clause, strategy, state, rows_done, walked FROM headway.backfill WHERE name "
    "OPERATOR(pg_catalog.=) $1 FOR UPDATE",
    "t");
pg::PreparedQuery load_list(
    "SELECT pg_catalog.unnest(CASE WHEN $2 THEN bound ELSE position END) FROM headway.backfill "
    "WHERE name OPERATOR(pg_catalog.=) $1",
    "tb");
pg::PreparedQuery create_job(
    "INSERT INTO headway.backfill (name, relation, set_clause, where_clause, strategy, revision, bound) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)",
    "tttttt"
    "T");
pg::PreparedQuery restart_job(
    "UPDATE headway.backfill SET strategy = $2, position = '{}', bound = $3, rows_done = 0, walked = 0, batches = 0, "
    "state = 'running', last_error = NULL, started_by = current_user, started_at = pg_catalog.clock_timestamp(), "
    "updated_at = pg_catalog.clock_timestamp(), finished_at = NULL WHERE name OPERATOR(pg_catalog.=) $1",
    "ttT");
pg::PreparedQuery save_position(
    "UPDATE headway.backfill SET position = $2, bound = $5, rows_done = rows_done OPERATOR(pg_catalog.+) $3, "
    "walked = walked OPERATOR(pg_catalog.+) $4, batches = batches OPERATOR(pg_catalog.+) 1, state = 'running', "
    "updated_at = pg_catalog.clock_timestamp() WHERE name OPERATOR(pg_catalog.=) $1",
    "tTiiT");
pg::PreparedQuery mark_done(
    "UPDATE headway.backfill SET state = 'done', last_error = NULL, finished_at = pg_catalog.clock_timestamp(), "
    "updated_at = pg_catalog.clock_timestamp() WHERE name OPERATOR(pg_catalog.=) $1",
    "t");
pg::PreparedQuery mark_failed(
    "UPDATE headway.backfill SET state = $2, last_error = $3, updated_at = pg_catalog.clock_timestamp() "
    "WHERE name OPERATOR(pg_catalog.=) $1",
    "ttt");

constexpr int kMostSweeps = 10;

// Positions are kept as text and may be read by a session with other settings: dates in ISO, floats exact.
class CanonicalOutput {
 public:
  CanonicalOutput() : level_(pg::OpenSettings()) {
    pg::SetInBracket("datestyle", "ISO");
    pg::SetInBracket("intervalstyle", "iso_8601");
    pg::SetInBracket("extra_float_digits", "3");
  }
  CanonicalOutput(const CanonicalOutput&) = delete;
  CanonicalOutput& operator=(const CanonicalOutput&) = delete;
  // After an error the settings are undone with the transaction.
  void Close() { pg::CloseSettings(level_); }

 private:
  int level_;
};

const char* WalkName(Walk walk) { return walk == Walk::kKey ? "key" : "ctid"; }

}  // namespace

TableBackfill::TableBackfill(BackfillDefinition definition) : definition_(std::move(definition)) {
  shape_ = pg::DescribeTable(definition_.relation);
  CheckTable();
  ChooseWalk();
  CheckStatement();
  LoadOrCreate();
  if (walk_ == Walk::kKey) {
    PrepareKeyWalk();
  } else {
    PrepareCtidWalk();
  }
}

void TableBackfill::CheckTable() const {
  const std::string& table = shape_.qualified_name;
  if (shape_.is_catalog) {
    throw Error(sqlstate::kInsufficientPrivilege, Format("%1% is a system catalog", table), {},
                "System catalogs are changed by DDL only.");
  }
  if (shape_.kind != 'r' && shape_.kind != 'p') {
    throw Error(sqlstate::kWrongObjectType, Format("%1% is not a table", table),
                "Views, foreign tables and the like have no rows of their own to walk in batches.",
                "Name the table that holds the rows.");
  }
  if (shape_.temporary) {
    throw Error(sqlstate::kFeatureNotSupported, Format("%1% is a temporary table", table.substr(table.find('.') + 1)),
                "The background worker that does the batches cannot see it.",
                "Nobody else can wait for its rows: use a plain UPDATE.");
  }
}

void TableBackfill::ChooseWalk() {
  const std::vector<std::string> assigned = pg::AssignedColumns(definition_.set_clause);
  if (!definition_.where_clause.empty()) pg::RequireExpression(definition_.where_clause, "where_clause");
  std::string no_key = shape_.key.empty() ? "The table has no primary key or unique index over NOT NULL columns." : "";
  for (const pg::KeyColumn& column : shape_.key) {
    if (std::find(assigned.begin(), assigned.end(), column.name) == assigned.end()) continue;
    no_key = Format("The SET changes the key column \"%1%\".", column.name);
  }
  std::string no_ctid;
  if (definition_.where_clause.empty()) no_ctid = "There is no where_clause that excludes the rows already done.";
  if (shape_.has_children)
    no_ctid = "The table has partitions or children, whose pages are numbered each on their own.";

  const std::string& wanted = definition_.strategy;
  if (wanted != "auto" && wanted != "key" && wanted != "ctid") {
    throw Error(sqlstate::kInvalidParameterValue, Format("unknown strategy \"%1%\"", wanted), {},
                "Use 'auto', 'key' or 'ctid'.");
  }
  if (wanted != "ctid" && no_key.empty()) {
    walk_ = Walk::kKey;
  } else if (wanted != "key" && no_ctid.empty()) {
    walk_ = Walk::kCtid;
  } else {
    std::string detail = wanted == "ctid" ? "" : "By key: " + no_key;
    if (wanted != "key") detail += (detail.empty() ? "By ctid: " : " By ctid: ") + no_ctid;
    throw Error(sqlstate::kBackfillNotExact, Format("%1% cannot be backfilled exactly", shape_.qualified_name), detail,
                "Give a where_clause that the SET makes false (new_column IS NULL, say), or a unique key; for a "
                "partitioned table without one, call it for each partition.");
  }
}

std::string TableBackfill::Condition() const {
  // On lines of its own: a comment at the end of the clause must not swallow what follows.
  return definition_.where_clause.empty() ? std::string() : " AND (\n" + definition_.where_clause + "\n)";
}

// Names, types and privileges are checked before anything is recorded. Both clauses have been parsed by themselves, so
// that here they cannot be anything but what they are.
void TableBackfill::CheckStatement() const {
  pg::RequireAnalyzable("UPDATE " + shape_.qualified_name + " SET " + definition_.set_clause + "\nWHERE true" +
                        Condition());
}

void TableBackfill::LoadOrCreate() {
  const pg::QueryResult found = load_job.Run({definition_.name});
  if (found.rows.empty()) {
    Create();
  } else {
    Continue(found.rows.front());
  }
}

void TableBackfill::Continue(const pg::Row& row) {
  const bool same = *row[0] == shape_.qualified_name && *row[1] == definition_.set_clause &&
                    row[2].value_or("") == definition_.where_clause;
  if (!same) {
    throw Error(sqlstate::kBackfillMismatch,
                Format("backfill \"%1%\" exists with another definition", definition_.name),
                Format("It is: UPDATE %1% SET %2%%3%", *row[0], *row[1], row[2] ? " WHERE " + *row[2] : ""),
                "Choose another name, or delete its row from headway.backfill.");
  }
  if (*row[4] == "done") {
    if (definition_.where_clause.empty()) {
      finished_ = true;
    } else {
      StartOver();
    }
    return;
  }
  const bool by_key = *row[3] == "key";
  if (by_key && shape_.key.empty()) {
    throw Error(sqlstate::kBackfillNotExact, Format("backfill \"%1%\" walks by a key that is gone", definition_.name),
                {}, "Create the unique index again, or delete its row from headway.backfill and start over.");
  }
  walk_ = by_key ? Walk::kKey : Walk::kCtid;
  for (pg::Row& item : load_list.Run({definition_.name, false}).rows) position_.push_back(*item[0]);
  for (pg::Row& item : load_list.Run({definition_.name, true}).rows) bound_.push_back(*item[0]);
  rows_before_ = std::stoll(*row[5]);
  walked_before_ = std::stoll(*row[6]);
  resumed_ = walked_before_ > 0;
}

void TableBackfill::Create() {
  bound_ = FindBound();
  create_job.Run({definition_.name, shape_.qualified_name, definition_.set_clause,
                  pg::TextOrNull(definition_.where_clause), WalkName(walk_), pg::TextOrNull(definition_.revision),
                  bound_});
}

void TableBackfill::StartOver() {
  bound_ = FindBound();
  position_.clear();
  restart_job.Run({definition_.name, WalkName(walk_), bound_});
}

// t."a"<suffix>, t."b"<suffix>. Qualified: an unqualified name in ORDER BY would mean the text in the select list.
std::string TableBackfill::KeyList(const char* suffix) const {
  std::string list;
  for (const pg::KeyColumn& column : shape_.key) {
    if (!list.empty()) list += ", ";
    list += "t." + pg::QuoteIdentifier(column.name) + suffix;
  }
  return list;
}

TableBackfill::Position TableBackfill::FindBound() const {
  if (walk_ == Walk::kCtid) return {std::to_string(shape_.pages)};
  CanonicalOutput canonical;
  const pg::QueryResult result =
      pg::RunQuery("SELECT " + KeyList("::pg_catalog.text") + " FROM " + shape_.qualified_name + " AS t ORDER BY " +
                   KeyList(" DESC") + " LIMIT 1");
  canonical.Close();
  Position bound;
  if (!result.rows.empty()) {
    for (const pg::Field& field : result.rows.front()) bound.push_back(*field);
  }
  return bound;
}

void TableBackfill::PrepareKeyWalk() {
  const std::size_t count = shape_.key.size();
  // (a, b) > ($1, $2), spelled out column by column with each one's own operators.
  auto compare = [&](bool greater, std::size_t first_param) {
    std::string left, right;
    for (std::size_t i = 0; i < count; ++i) {
      left += (i == 0 ? "" : ", ") + pg::QuoteIdentifier(shape_.key[i].name);
      right += Format("%1%$%2%::%3%", i == 0 ? "" : ", ", first_param + i, shape_.key[i].type);
    }
    const std::string& op = greater ? shape_.key[0].greater : shape_.key[0].not_greater;
    return Format("ROW(%1%) %2% ROW(%3%)", left, op, right);
  };
  const std::string table = shape_.qualified_name;
  const std::string types(count, 't');
  // First the bound, then what the walk has done so far, then the batch's end.
  const std::string in_bound = compare(false, 1);
  const std::string after = compare(true, count + 1);
  auto next = [&](const std::string& where, std::size_t size_param) {
    return Format("SELECT %1% FROM %2% AS t WHERE %3% ORDER BY %4% OFFSET $%5% LIMIT 1", KeyList("::pg_catalog.text"),
                  table, where, KeyList(""), size_param);
  };
  next_key_first_ = std::make_unique<pg::OwnedQuery>(next(in_bound, count + 1), types + "i");
  next_key_ = std::make_unique<pg::OwnedQuery>(next(in_bound + " AND " + after, 2 * count + 1), types + types + "i");
  const std::string update = "UPDATE " + table + " SET " + definition_.set_clause + "\nWHERE ";
  update_first_ = std::make_unique<pg::OwnedQuery>(update + in_bound + Condition(), types);
  update_ = std::make_unique<pg::OwnedQuery>(update + in_bound + " AND " + after + Condition(), types + types);
}

void TableBackfill::PrepareCtidWalk() {
  const std::string range =
      " WHERE ctid OPERATOR(pg_catalog.>=) $1::pg_catalog.tid AND ctid OPERATOR(pg_catalog.<) $2::pg_catalog.tid";
  // The new row is looked at with the condition: a SET that does not make it false would be swept for ever.
  update_ = std::make_unique<pg::OwnedQuery>(
      "WITH done AS (UPDATE " + shape_.qualified_name + " SET " + definition_.set_clause + "\n" + range + Condition() +
          " RETURNING (\n" + definition_.where_clause +
          "\n) AS still) "
          "SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE still) FROM done",
      "tt");
}

engine::Batch TableBackfill::RunBatch(std::int64_t size) {
  return walk_ == Walk::kKey ? RunKeyBatch(size) : RunCtidBatch(size);
}

engine::Batch TableBackfill::RunKeyBatch(std::int64_t size) {
  engine::Batch batch;
  if (bound_.empty()) {  // the table was empty
    batch.last = true;
    return batch;
  }
  std::vector<pg::Param> params;
  const bool first = position_.empty();
  auto append = [&](const Position& key) {
    for (const std::string& value : key) params.emplace_back(value);
  };
  append(bound_);
  if (!first) append(position_);
  params.emplace_back(size - 1);
  CanonicalOutput canonical;
  const pg::QueryResult next = (first ? next_key_first_ : next_key_)->Run(params);
  canonical.Close();

  Position end = bound_;
  batch.last = next.rows.empty();
  if (!batch.last) {
    for (std::size_t i = 0; i < end.size(); ++i) end[i] = *next.rows.front()[i];
  }
  params.clear();
  append(end);
  if (!first) append(position_);
  batch.updated = static_cast<std::int64_t>((first ? update_first_ : update_)->Run(params).processed);
  batch.walked = batch.last ? 0 : size;
  SavePosition(end, bound_, batch);
  return batch;
}

engine::Batch TableBackfill::RunCtidBatch(std::int64_t pages) {
  engine::Batch batch;
  const std::int64_t from = position_.empty() ? 0 : std::stoll(position_[0]);
  const std::int64_t end = bound_.empty() ? 0 : std::stoll(bound_[0]);
  const std::int64_t to = std::min(end, from + pages);
  const std::string low = Format("(%1%,0)", from);
  const std::string high = Format("(%1%,0)", to);
  const pg::QueryResult result = update_->Run({low, high});
  batch.updated = std::stoll(*result.rows.front()[0]);
  batch.walked = to - from;
  if (std::stoll(*result.rows.front()[1]) > 0) {
    throw Error(
        sqlstate::kBackfillNotExact,
        Format("%1% of %2% updated rows still match the where_clause", *result.rows.front()[1], batch.updated),
        "A walk by ctid meets rows again unless the SET makes the where_clause false. This batch has been undone.",
        "Change the where_clause so that it excludes rows that are done.");
  }
  pending_bound_ = bound_;
  pending_sweeps_ = sweeps_;
  Position next = {std::to_string(to)};
  if (to >= end) EndOfWalk(batch, next);
  SavePosition(next, pending_bound_, batch);
  return batch;
}

// Rows that have moved behind the walk, or have come meanwhile, are the next sweep's.
void TableBackfill::EndOfWalk(engine::Batch& batch, Position& next) {
  batch.last = !AnyMatchLeft();
  if (batch.last) return;
  pending_sweeps_ = sweeps_ + 1;
  if (pending_sweeps_ > kMostSweeps) {
    throw Error(
        sqlstate::kBackfillNotExact, "rows that match the where_clause come faster than they are backfilled",
        Format("After %1% sweeps over the table some still match. What is done is kept.", kMostSweeps),
        "Let new rows be written with the new value first (a default, a trigger, the application), then call it "
        "again.");
  }
  next = {"0"};
  pending_bound_ = {std::to_string(pg::DescribeTable(definition_.relation).pages)};
}

bool TableBackfill::AnyMatchLeft() {
  return !pg::RunQuery("SELECT 1 FROM " + shape_.qualified_name + " WHERE true" + Condition() + " LIMIT 1")
              .rows.empty();
}

void TableBackfill::SavePosition(const Position& position, const Position& bound, const engine::Batch& batch) {
  save_position.Run({definition_.name, position, batch.updated, batch.walked, bound});
  pending_position_ = position;
  pending_bound_ = bound;
}

void TableBackfill::Advance() noexcept {
  position_.swap(pending_position_);
  bound_.swap(pending_bound_);
  sweeps_ = pending_sweeps_;
}

std::string TableBackfill::Describe() const {
  if (walk_ == Walk::kCtid) return shape_.qualified_name + " in storage order";
  std::string columns;
  for (const pg::KeyColumn& column : shape_.key) columns += (columns.empty() ? "" : ", ") + column.name;
  return Format("%1% by key (%2%)", shape_.qualified_name, columns);
}

std::int64_t TableBackfill::EstimatedTotal() const {
  return walk_ == Walk::kKey ? shape_.estimated_rows : shape_.pages;
}

void TableBackfill::MarkDone() { mark_done.Run({definition_.name}); }

void TableBackfill::MarkFailed(const core::ErrorReport& error) {
  const bool cancelled = error.sqlstate == sqlstate::kQueryCanceled;
  mark_failed.Run({definition_.name, cancelled ? "stopped" : "failed", error.message});
}

}  // namespace headway::server
