#include "pg/spi.hpp"

#include <exception>

#include "pg/guard.hpp"
#include "pg/postgres.hpp"
#include "pg/text.hpp"

namespace headway::pg {

namespace {

constexpr int kMaxParams = 32;

Oid TypeOf(char letter) {
  switch (letter) {
    case 'T':
      return TEXTARRAYOID;
    case 'i':
      return INT8OID;
    case 'b':
      return BOOLOID;
    default:
      return TEXTOID;
  }
}

// REQUIRES: inside a guard.
Datum ToDatum(const Param& param) {
  switch (param.kind) {
    case Param::Kind::kText:
      return PointerGetDatum(cstring_to_text_with_len(param.text.data(), static_cast<int>(param.text.size())));
    case Param::Kind::kTextArray:
      return TextArrayDatum(*param.list);
    case Param::Kind::kInteger:
      return Int64GetDatum(param.integer);
    case Param::Kind::kBoolean:
      return BoolGetDatum(param.integer != 0);
    case Param::Kind::kNull:
      break;
  }
  return static_cast<Datum>(0);
}

SPIPlanPtr PrepareKept(const char* sql, const char* types) {
  const int count = static_cast<int>(std::strlen(types));
  return Guarded([&] {
    Oid oids[kMaxParams];
    for (int i = 0; i < count; ++i) oids[i] = TypeOf(types[i]);
    SPIPlanPtr plan = SPI_prepare(sql, count, oids);
    if (plan == nullptr) elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
    SPI_keepplan(plan);
    return plan;
  });
}

void CopyRow(SPITupleTable* table, std::uint64_t number, Row& row) {
  for (int column = 0; column < table->tupdesc->natts; ++column) {
    char* value = Guarded([&] { return SPI_getvalue(table->vals[number], table->tupdesc, column + 1); });
    row[column].reset();
    if (value == nullptr) continue;
    row[column].emplace(value);
    pfree(value);
  }
}

QueryResult CopyOut() {
  QueryResult result;
  result.processed = SPI_processed;
  SPITupleTable* table = SPI_tuptable;
  if (table == nullptr) return result;
  result.rows.assign(table->numvals, Row(table->tupdesc->natts));
  for (std::uint64_t i = 0; i < table->numvals; ++i) CopyRow(table, i, result.rows[i]);
  return result;
}

void Execute(SpiConnection& connection, SPIPlanPtr plan, const Param* params, std::size_t count) {
  Guarded([&] {
    Datum values[kMaxParams];
    char nulls[kMaxParams] = {};
    for (std::size_t i = 0; i < count; ++i) {
      nulls[i] = params[i].kind == Param::Kind::kNull ? 'n' : ' ';
      values[i] = ToDatum(params[i]);
    }
    connection.Execute(plan, values, nulls);
  });
}

}  // namespace

std::vector<std::string> QueryResult::Column() const {
  std::vector<std::string> column;
  column.reserve(rows.size());
  for (const Row& row : rows) column.push_back(row.front().value());
  return column;
}

SpiConnection::SpiConnection() : exceptions_(std::uncaught_exceptions()) {
  Guarded([] { SPI_connect(); });
}

// Both calls are safe in a destructor: they free memory and pop stacks, and raise nothing.
SpiConnection::~SpiConnection() {
  SPI_finish();
  // After an error others may lie on top of ours; its rollback takes them all.
  if (has_snapshot_ && std::uncaught_exceptions() == exceptions_) PopActiveSnapshot();
}

void SpiConnection::Execute(SPIPlanPtr plan, Datum* values, const char* nulls) {
  if (!ActiveSnapshotSet()) {
    PushActiveSnapshot(GetTransactionSnapshot());
    has_snapshot_ = true;
  }
  const int code = SPI_execute_plan(plan, values, nulls, false, 0);
  if (code < 0) elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(code));
}

QueryResult PreparedQuery::Run(std::initializer_list<Param> params) {
  SpiConnection connection;
  if (plan_ == nullptr) plan_ = PrepareKept(sql_, types_);
  Execute(connection, plan_, params.begin(), params.size());
  return CopyOut();
}

void PreparedQuery::ForEach(std::initializer_list<Param> params, const std::function<void(Row& row)>& take) {
  SpiConnection connection;
  if (plan_ == nullptr) plan_ = PrepareKept(sql_, types_);
  Execute(connection, plan_, params.begin(), params.size());
  SPITupleTable* table = SPI_tuptable;
  Row row(table->tupdesc->natts);
  for (std::uint64_t i = 0; i < table->numvals; ++i) {
    CopyRow(table, i, row);
    take(row);
  }
}

QueryResult RunQuery(const std::string& sql, const char* types, std::initializer_list<Param> params) {
  OwnedQuery query(sql, types);
  return query.Run(std::vector<Param>(params));
}

OwnedQuery::~OwnedQuery() {
  if (plan_ != nullptr) SPI_freeplan(plan_);
}

QueryResult OwnedQuery::Run(const std::vector<Param>& params) {
  SpiConnection connection;
  if (plan_ == nullptr) plan_ = PrepareKept(sql_.c_str(), types_.c_str());
  Execute(connection, plan_, params.data(), params.size());
  return CopyOut();
}

}  // namespace headway::pg
