// Our own queries: prepared once per session, parameters typed, results copied out as text.
//
// Every name in them is qualified, operators too: they run under whatever search_path the caller has.
// REQUIRES: a transaction. Runs with the privileges of the current user.
#pragma once

#include <functional>
#include <initializer_list>

#include "pg/field.hpp"

namespace headway::pg {

// One parameter; it borrows what it points to.
struct Param {
  enum class Kind { kNull, kText, kTextArray, kInteger, kBoolean };
  Kind kind = Kind::kNull;
  std::string_view text;
  const std::vector<std::string>* list = nullptr;
  std::int64_t integer = 0;

  Param() = default;
  Param(const char* value) : kind(Kind::kText), text(value) {}         // NOLINT: conversions are the point
  Param(const std::string& value) : kind(Kind::kText), text(value) {}  // NOLINT
  Param(std::string_view value) : kind(Kind::kText), text(value) {}    // NOLINT
  Param(const std::vector<std::string>& value) : kind(Kind::kTextArray), list(&value) {}  // NOLINT
  Param(std::int64_t value) : kind(Kind::kInteger), integer(value) {}                     // NOLINT
  Param(int value) : kind(Kind::kInteger), integer(value) {}                              // NOLINT
  Param(Oid value) : kind(Kind::kInteger), integer(value) {}                              // NOLINT
  Param(bool value) : kind(Kind::kBoolean), integer(value ? 1 : 0) {}                     // NOLINT
  Param(const std::optional<std::string>& value) {                                        // NOLINT
    if (value) *this = Param(*value);
  }
};

// A text or a NULL for "not given".
inline Param TextOrNull(const std::string& value) { return value.empty() ? Param() : Param(value); }

using Row = std::vector<Field>;

struct QueryResult {
  std::uint64_t processed = 0;
  std::vector<Row> rows;

  // The only field of the only row; nothing when there is no row or it is NULL.
  Field Single() const { return rows.empty() ? Field() : rows.front().front(); }
  // The first field of each row. REQUIRES: none is NULL.
  std::vector<std::string> Column() const;
};

// A connection to SPI and, when nobody around us has one (in a worker), a snapshot. It lasts until the rows have been
// copied out: values that are stored out of line are fetched as they are read. What an error leaves open goes with its
// (sub)transaction.
class SpiConnection {
 public:
  SpiConnection();
  SpiConnection(const SpiConnection&) = delete;
  SpiConnection& operator=(const SpiConnection&) = delete;
  ~SpiConnection();

  // REQUIRES: inside a guard.
  void Execute(SPIPlanPtr plan, Datum* values, const char* nulls);

 private:
  bool has_snapshot_ = false;
  int exceptions_;
};

// A statement of ours. Instances are static constants of initialised storage: nothing runs before main.
// The types are given by letters: t text, T text[], i bigint, b boolean.
class PreparedQuery {
 public:
  constexpr PreparedQuery(const char* sql, const char* types) : sql_(sql), types_(types) {}

  QueryResult Run(std::initializer_list<Param> params = {});
  // One row at a time, for results of many rows; `take` may have what is in it. REQUIRES: a SELECT.
  void ForEach(std::initializer_list<Param> params, const std::function<void(Row& row)>& take);

 private:
  const char* sql_;
  const char* types_;
  SPIPlanPtr plan_ = nullptr;
};

// The same for a text made at run time (typed quoting has made its names and literals).
QueryResult RunQuery(const std::string& sql, const char* types = "", std::initializer_list<Param> params = {});

// A plan made at run time that lives as long as the object: the batches of a backfill.
class OwnedQuery {
 public:
  OwnedQuery(std::string sql, std::string types) : sql_(std::move(sql)), types_(std::move(types)) {}
  OwnedQuery(const OwnedQuery&) = delete;
  OwnedQuery& operator=(const OwnedQuery&) = delete;
  ~OwnedQuery();

  QueryResult Run(const std::vector<Param>& params = {});
  const std::string& sql() const { return sql_; }

 private:
  std::string sql_;
  std::string types_;
  SPIPlanPtr plan_ = nullptr;
};

}  // namespace headway::pg
