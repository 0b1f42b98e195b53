#include "pg/row_batch.hpp"

#include <algorithm>
#include <optional>

#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/session_settings.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/table.h"
#include "storage/bufmgr.h"
#include "storage/freespace.h"
#include "utils/plancache.h"
#include "utils/rel.h"
}

namespace headway::pg {

namespace {

constexpr std::size_t kMostTexts = 32;
constexpr std::size_t kSampledPages = 32;
// The first column of the key.
constexpr int kKeyOfRead = 4;
constexpr int kKeyOfWrite = 2;

// REQUIRES: inside a guard; the same for the functions that follow.
void MakePlan(SPIPlanPtr plan) {
  const bool needs_snapshot = !ActiveSnapshotSet();
  if (needs_snapshot) PushActiveSnapshot(GetTransactionSnapshot());
  CachedPlan* cached = SPI_plan_get_cached_plan(plan);
  if (cached != nullptr) ReleaseCachedPlan(cached, CurrentResourceOwner);
  if (needs_snapshot) PopActiveSnapshot();
}

Datum PlacesDatum(const Place* places, std::size_t count) {
  auto* tids = static_cast<ItemPointerData*>(palloc(sizeof(ItemPointerData) * count));
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * count));
  for (std::size_t i = 0; i < count; ++i) {
    ItemPointerSet(&tids[i], places[i].page, places[i].item);
    values[i] = PointerGetDatum(&tids[i]);
  }
  return PointerGetDatum(
      construct_array(values, static_cast<int>(count), TIDOID, sizeof(ItemPointerData), false, TYPALIGN_SHORT));
}

// The columns from `first` on, as texts, of rows of one shape.
class KeyReader {
 public:
  KeyReader(TupleDesc shape, int first, std::size_t count) : shape_(shape), first_(first), count_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      Oid output;
      bool varlena;
      getTypeOutputInfo(SPI_gettypeid(shape, first + static_cast<int>(i)), &output, &varlena);
      fmgr_info(output, &functions_[i]);
    }
  }

  const char** Read(HeapTuple row) {
    auto** texts = static_cast<const char**>(palloc(sizeof(char*) * count_));
    for (std::size_t i = 0; i < count_; ++i) {
      bool is_null;
      const Datum value = SPI_getbinval(row, shape_, first_ + static_cast<int>(i), &is_null);
      if (is_null) elog(ERROR, "a column of the key holds NULL, although it is NOT NULL");
      texts[i] = OutputFunctionCall(&functions_[i], value);
    }
    return texts;
  }

 private:
  TupleDesc shape_;
  int first_;
  std::size_t count_;
  FmgrInfo functions_[INDEX_MAX_KEYS];
};

bool BooleanAt(HeapTuple row, TupleDesc shape, int column) {
  bool is_null;
  const Datum value = SPI_getbinval(row, shape, column, &is_null);
  return !is_null && DatumGetBool(value);
}

void PutKey(const char* const* key, std::size_t columns, std::vector<std::string>& to) {
  for (std::size_t i = 0; i < columns; ++i) to.emplace_back(key[i]);
}

// What the guard's body leaves behind: nothing with a destructor.
struct RawRead {
  std::int64_t seen = 0;
  std::size_t matching = 0;
  Place* places = nullptr;
  bool* done = nullptr;
  const char*** keys = nullptr;
  const char** last = nullptr;
};

Place PlaceAt(HeapTuple row, TupleDesc shape, int column) {
  bool is_null;
  auto* tid = reinterpret_cast<ItemPointer>(DatumGetPointer(SPI_getbinval(row, shape, column, &is_null)));
  return {ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid)};
}

RawRead CopyRead(std::size_t key_columns) {
  RawRead read;
  SPITupleTable* table = SPI_tuptable;
  const TupleDesc shape = table->tupdesc;
  const std::uint64_t count = table->numvals;
  read.seen = static_cast<std::int64_t>(count);
  if (count == 0) return read;
  KeyReader reader(shape, kKeyOfRead, key_columns);
  read.places = static_cast<Place*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Place) * count));
  read.done = static_cast<bool*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(bool) * count));
  read.keys = static_cast<const char***>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(char**) * count));
  for (std::uint64_t i = 0; i < count; ++i) {
    HeapTuple row = table->vals[i];
    if (!BooleanAt(row, shape, 2)) continue;
    read.places[read.matching] = PlaceAt(row, shape, 1);
    read.done[read.matching] = BooleanAt(row, shape, 3);
    read.keys[read.matching] = reader.Read(row);
    ++read.matching;
  }
  read.last = reader.Read(table->vals[count - 1]);
  return read;
}

struct RawWrite {
  std::int64_t still = 0;
  std::size_t count = 0;
  const char*** keys = nullptr;
};

RawWrite CopyWrite(std::size_t key_columns) {
  RawWrite write;
  SPITupleTable* table = SPI_tuptable;
  write.count = table->numvals;
  for (std::uint64_t i = 0; i < table->numvals; ++i) {
    if (BooleanAt(table->vals[i], table->tupdesc, 1)) ++write.still;
  }
  if (key_columns == 0) return write;
  KeyReader reader(table->tupdesc, kKeyOfWrite, key_columns);
  write.keys = static_cast<const char***>(palloc(sizeof(char**) * (write.count + 1)));
  for (std::size_t i = 0; i < write.count; ++i) write.keys[i] = reader.Read(table->vals[i]);
  return write;
}

bool SameKey(const char* const* written, const std::string* meant, std::size_t columns) {
  for (std::size_t i = 0; i < columns; ++i) {
    if (meant[i] != written[i]) return false;
  }
  return true;
}

// Both are in the order of their places. A row is known by its key: its place may have been given to another one since
// it was read.
void Match(const RawWrite& raw, const std::vector<std::string>& meant, std::size_t columns, WrittenRows& rows) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < raw.count; ++i, ++at) {
    while (at < rows.reached.size() && !SameKey(raw.keys[i], &meant[at * columns], columns)) ++at;
    if (at == rows.reached.size()) {
      rows.strange = true;
      return;
    }
    rows.reached[at] = true;
  }
}

// Opens a relation that this transaction or a caller holds a lock on already, or takes it.
class OpenTable {
 public:
  explicit OpenTable(Oid relation) : table_(table_open(relation, RowExclusiveLock)) {}
  Relation operator*() const { return table_; }
  void Close() { table_close(table_, NoLock); }

 private:
  Relation table_;
};

}  // namespace

CanonicalOutput::CanonicalOutput() : level_(OpenSettings()) {
  SetInBracket("datestyle", "ISO");
  SetInBracket("intervalstyle", "iso_8601");
  SetInBracket("extra_float_digits", "3");
}

void CanonicalOutput::Close() { CloseSettings(level_); }

RowQuery::~RowQuery() {
  if (plan_ != nullptr) SPI_freeplan(plan_);
}

// REQUIRES: connected to SPI.
void RowQuery::Prepare(const Oid* types, int count) {
  const char* sql = sql_.c_str();
  if (plan_ != nullptr && Guarded([&] { return SPI_plan_is_valid(plan_); })) return;
  if (plan_ == nullptr) {
    plan_ = Guarded([&] {
      Oid copies[kMostTexts + 1];
      std::copy(types, types + count, copies);
      SPIPlanPtr plan = SPI_prepare_cursor(sql, count, copies, CURSOR_OPT_GENERIC_PLAN);
      if (plan == nullptr) elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
      SPI_keepplan(plan);
      return plan;
    });
  }
  const int level = OpenSettings();
  SetInBracket("jit", "off");
  SetInBracket("enable_seqscan", "off");
  SetInBracket("enable_bitmapscan", "off");
  if (access_ == Access::kPlaces) {
    SetInBracket("enable_tidscan", "on");
    SetInBracket("enable_indexscan", "off");
    SetInBracket("enable_indexonlyscan", "off");
  } else {
    SetInBracket("enable_indexscan", "on");
    SetInBracket("enable_sort", "off");
  }
  Guarded([&] { MakePlan(plan_); });
  CloseSettings(level);
}

ReadRows RowQuery::Read(const std::vector<std::string>& texts, std::int64_t limit) {
  SpiConnection connection;
  const std::string* given = texts.data();
  const int count = static_cast<int>(std::min(texts.size(), kMostTexts));
  Oid types[kMostTexts + 1];
  std::fill(types, types + count, TEXTOID);
  types[count] = INT8OID;
  Prepare(types, count + 1);
  Guarded([&] {
    Datum values[kMostTexts + 1];
    for (int i = 0; i < count; ++i) {
      values[i] = PointerGetDatum(cstring_to_text_with_len(given[i].data(), static_cast<int>(given[i].size())));
    }
    values[count] = Int64GetDatum(limit);
    connection.Execute(plan_, values, nullptr);
  });
  CanonicalOutput canonical;
  const RawRead raw = Guarded([&] { return CopyRead(key_columns_); });
  canonical.Close();
  ReadRows rows;
  rows.seen = raw.seen;
  rows.places.assign(raw.places, raw.places + raw.matching);
  rows.done.assign(raw.done, raw.done + raw.matching);
  rows.keys.reserve(raw.matching * key_columns_);
  for (std::size_t i = 0; i < raw.matching; ++i) PutKey(raw.keys[i], key_columns_, rows.keys);
  if (raw.last != nullptr) PutKey(raw.last, key_columns_, rows.last);
  return rows;
}

WrittenRows RowQuery::Write(const PlacedRows& meant) {
  SpiConnection connection;
  const Oid type = TIDARRAYOID;
  Prepare(&type, 1);
  const Place* places = meant.places.data();
  const std::size_t count = meant.places.size();
  Guarded([&] {
    Datum values[1] = {PlacesDatum(places, count)};
    connection.Execute(plan_, values, nullptr);
  });
  WrittenRows rows;
  rows.written = static_cast<std::int64_t>(SPI_processed);
  std::optional<CanonicalOutput> canonical;
  if (key_columns_ > 0) canonical.emplace();
  const RawWrite raw = Guarded([&] { return CopyWrite(key_columns_); });
  if (canonical) canonical->Close();
  rows.still = raw.still;
  rows.reached.resize(count);
  if (key_columns_ > 0) Match(raw, meant.keys, key_columns_, rows);
  return rows;
}

void PrunePages(Oid relation, const std::vector<Place>& rows) {
  const Place* places = rows.data();
  const std::size_t count = rows.size();
  Guarded([&] {
    // What may be taken away is told by the last snapshot: an old one would not know of our last commit.
    PushActiveSnapshot(GetTransactionSnapshot());
    OpenTable table(relation);
    // Since the rows were read, the table may have become shorter.
    const BlockNumber end = RelationGetNumberOfBlocks(*table);
    BlockNumber last = InvalidBlockNumber;
    for (std::size_t i = 0; i < count; ++i) {
      if (places[i].page == last || places[i].page >= end) continue;
      last = places[i].page;
      Buffer buffer = ReadBuffer(*table, last);
      compat::PrunePage(*table, buffer);
      ReleaseBuffer(buffer);
    }
    table.Close();
    PopActiveSnapshot();
  });
}

void SettlePages(Oid relation, std::uint32_t first, std::uint32_t end) {
  Guarded([&] {
    PushActiveSnapshot(GetTransactionSnapshot());
    OpenTable table(relation);
    const BlockNumber pages = RelationGetNumberOfBlocks(*table);
    const BlockNumber stop = Min(end, pages);
    for (BlockNumber page = first; page < stop; ++page) {
      CHECK_FOR_INTERRUPTS();
      Buffer buffer = ReadBuffer(*table, page);
      compat::PrunePage(*table, buffer);
      LockBuffer(buffer, BUFFER_LOCK_SHARE);
      const Size room = PageGetHeapFreeSpace(BufferGetPage(buffer));
      UnlockReleaseBuffer(buffer);
      RecordPageWithFreeSpace(*table, page, room);
    }
    if (first < stop) FreeSpaceMapVacuumRange(*table, first, stop);
    table.Close();
    PopActiveSnapshot();
  });
}

PageSample SamplePages(Oid relation, const std::vector<Place>& places) {
  std::vector<std::uint32_t> pages;
  pages.reserve(places.size());
  for (const Place& place : places) pages.push_back(place.page);
  std::sort(pages.begin(), pages.end());
  pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
  PageSample sample;
  sample.pages = static_cast<std::int64_t>(pages.size());
  if (pages.empty()) return sample;
  sample.first = pages.front();
  sample.last = pages.back();
  const std::size_t every = std::max<std::size_t>(1, places.size() / kSampledPages);
  const Place* first = places.data();
  const std::size_t count = places.size();
  double row_bytes = 0;
  double free_bytes = 0;
  int sampled = 0;
  Guarded([&] {
    OpenTable table(relation);
    const BlockNumber end = RelationGetNumberOfBlocks(*table);
    for (std::size_t i = 0; i < count; i += every) {
      if (first[i].page >= end) continue;
      Buffer buffer = ReadBuffer(*table, first[i].page);
      LockBuffer(buffer, BUFFER_LOCK_SHARE);
      Page page = BufferGetPage(buffer);
      if (first[i].item <= PageGetMaxOffsetNumber(page)) {
        ItemId item = PageGetItemId(page, first[i].item);
        if (ItemIdIsNormal(item)) {
          row_bytes += static_cast<double>(MAXALIGN(ItemIdGetLength(item)) + sizeof(ItemIdData));
          free_bytes += static_cast<double>(PageGetHeapFreeSpace(page));
          ++sampled;
        }
      }
      UnlockReleaseBuffer(buffer);
    }
    table.Close();
  });
  if (sampled > 0) {
    sample.row_bytes = row_bytes / sampled;
    sample.free_bytes = free_bytes / sampled;
  }
  return sample;
}

std::optional<std::int64_t> CountHotUpdates(Oid relation) {
  const PgStat_TableStatus* table = Guarded([&] { return find_tabstat_entry(relation); });
  if (table == nullptr) return std::nullopt;
  return compat::HotUpdates(*table);
}

}  // namespace headway::pg
