#include "engine/backfiller.hpp"

#include "fakes.hpp"

namespace headway::engine {
namespace {

using core::testing::ErrorOf;
using core::testing::StartsWith;
using testing::FailNth;
using testing::FakePorts;
using testing::Join;
using testing::World;

constexpr char kLockTimeout[] = "55P03";
constexpr char kDeadlock[] = "40P01";
constexpr char kSerialization[] = "40001";
constexpr char kCheck[] = "23514";
constexpr char kCancel[] = "57014";
constexpr char kBroken[] = "XX001";

// A table of numbered rows. What is committed lives in the world: each row that is done is an effect, the position and
// the rows that were skipped are heads.
struct FakeTable {
  std::int64_t rows = 100;
  std::int64_t window = 1'000;
  std::int64_t pass = 1'000'000;       // rows of one
  std::set<std::int64_t> bad;          // violate a constraint
  std::set<std::int64_t> bad_later;    // the same, once they are no longer locked
  std::map<std::int64_t, int> locked;  // by others, for so many tries
  std::set<std::int64_t> matching;     // empty: all
  BackfillSettings settings;
  Request request = Request::kRun;
  int looks = 0;                                  // for orders
  std::vector<std::string> names = {"public.t"};  // one for each time that the range is taken; then it stays
  std::vector<std::string> noted_waits;
};

class FakeWalk : public RangeWalk {
 public:
  FakeWalk(World& world, FakeTable& table) : world_(world), table_(table) {
    for (const std::string& head : world.committed.heads) {
      if (StartsWith(head, "at ")) state_.position = std::stoll(head.substr(3));
      if (StartsWith(head, "skipped ")) state_.skipped.push_back(std::stoll(head.substr(8)));
    }
    before_ = state_;
  }

  Found Read(std::int64_t) override {
    Enter("read");
    EXPECT_FALSE(read_stands_ && HasRows());
    read_stands_ = false;
    if (state_.position == table_.rows) return Found::kEnd;
    window_end_ = std::min(table_.rows, state_.position + table_.window);
    bool any = false;
    for (std::int64_t row = state_.position; row < window_end_; ++row) any = any || Matches(row);
    if (any) return Found::kRows;
    state_.position = window_end_;
    return Found::kNone;
  }

  bool HasRows() const override { return state_.position < window_end_; }

  Step Take(std::int64_t most, Care care) override {
    Enter("take " + std::to_string(most) + (care == Care::kSkipLocked ? " skipping" : ""));
    Step step;
    const std::int64_t pass_end = (state_.position / table_.pass + 1) * table_.pass;
    const std::int64_t end = std::min({window_end_, pass_end, state_.position + most});
    for (; state_.position < end; ++state_.position) {
      const std::int64_t row = state_.position;
      ++step.rows;
      if (!Matches(row)) continue;
      if (table_.bad.count(row) != 0) throw core::Error(kCheck, "row " + std::to_string(row) + " is bad");
      if (table_.locked[row] > 0) {
        --table_.locked[row];
        if (care == Care::kWait) throw core::Error(kLockTimeout, "locked");
        state_.skipped.push_back(row);
        continue;
      }
      Do(std::to_string(row));
      ++step.updated;
    }
    step.ends_pass = end == pass_end;
    return step;
  }

  void Save(const BatchFacts& facts) override {
    Enter("save " + std::to_string(facts.rows) + " rows");
    world_.open_unit.heads = {"at " + std::to_string(state_.position)};
    for (const std::int64_t row : state_.skipped) world_.open_unit.heads.insert("skipped " + std::to_string(row));
  }
  void Advance() noexcept override {
    EXPECT_FALSE(world_.unit_is_open);
    read_stands_ = true;
    before_ = state_;
  }
  void Revert() noexcept override { state_ = before_; }

  std::string DescribeNext() override {
    Enter("describe");
    return "id = " + std::to_string(state_.position);
  }
  void PassOver(const core::ErrorReport& error) override {
    Enter("pass over");
    Do(std::to_string(state_.position) + " " + error.sqlstate);
    ++state_.position;
  }
  bool HasSkipped() const override { return !state_.skipped.empty(); }
  Step TakeSkipped() override {
    Enter("take skipped");
    const std::int64_t row = state_.skipped.front();
    if (table_.locked[row]-- > 0) throw core::Error(kLockTimeout, "locked");
    if (table_.bad_later.count(row) != 0) throw core::Error(kCheck, "row " + std::to_string(row) + " is bad");
    state_.skipped.erase(state_.skipped.begin());
    Do(std::to_string(row));
    return {1, 1, false};
  }
  std::string DescribeSkipped() override {
    Enter("describe");
    return "id = " + std::to_string(state_.skipped.front());
  }
  void PassOverSkipped(const core::ErrorReport& error) override {
    Enter("pass over");
    Do(std::to_string(state_.skipped.front()) + " " + error.sqlstate);
    state_.skipped.erase(state_.skipped.begin());
  }
  void Finish(std::int64_t) override { Enter("finish"); }

 private:
  struct State {
    std::int64_t position = 0;
    std::vector<std::int64_t> skipped;
  };

  void Enter(const std::string& call) {
    world_.RequireUnit(true, call.c_str());
    world_.Call(call);
  }
  void Do(const std::string& effect) { world_.open_unit.effects.push_back(effect); }
  bool Matches(std::int64_t row) const { return table_.matching.empty() || table_.matching.count(row) != 0; }

  World& world_;
  FakeTable& table_;
  State state_, before_;
  std::int64_t window_end_ = 0;
  bool read_stands_ = false;  // the unit of the last read has been committed
};

class FakeJob : public BackfillJob {
 public:
  FakeJob(World& world, FakeTable& table) : world_(world), table_(table) {}
  std::string name() const override { return "job"; }
  std::unique_ptr<RangeWalk> TakeRange() override {
    world_.RequireUnit(true, "TakeRange");
    world_.Call("take range");
    if (taken_ == table_.names.size()) return nullptr;
    ++taken_;
    return std::make_unique<FakeWalk>(world_, table_);
  }
  Orders LoadOrders() override {
    world_.RequireUnit(true, "LoadOrders");
    ++table_.looks;
    world_.Count("orders");
    return {table_.request, table_.settings};
  }
  void NoteWait(const std::string& what, const std::string&) override {
    world_.RequireUnit(true, "NoteWait");
    world_.Call("note wait");
    table_.noted_waits.push_back(what);
  }
  bool WasRenamed() override {
    world_.RequireUnit(true, "WasRenamed");
    world_.Call("was renamed");
    return taken_ < table_.names.size() && table_.names[taken_] != table_.names[taken_ - 1];
  }
  std::string DescribeLockHolders() override {
    world_.RequireUnit(true, "DescribeLockHolders");
    world_.Call("lock holders");
    return "pid 4711";
  }
  std::string DescribeProgress() override {
    world_.RequireUnit(true, "DescribeProgress");
    world_.Call("progress");
    return "half-way";
  }

 private:
  World& world_;
  FakeTable& table_;
  std::size_t taken_ = 0;
};

LaneOptions FromAStepOf(std::int64_t rows) {
  LaneOptions options;
  options.first_step = rows;
  return options;
}

struct Call {
  Throttle throttle = [](const BackfillSettings&) { return std::optional<Wait>(); };
  std::function<void()> between = [] {};
  LaneOptions options = FromAStepOf(200);
};

LaneResult RunLane(World& world, FakeTable& table, Call call = {}) {
  FakePorts fakes(world, true);
  FakeJob job(world, table);
  call.options.retry = {2'000, 50, 50, 10'000, 0, 1'000, 1'000};
  const auto between = [&] {
    EXPECT_FALSE(world.unit_is_open);
    call.between();
  };
  return Backfiller(fakes.session, fakes.clock, fakes.reporter, job, call.options, call.throttle, between).Run();
}

FakeTable TableOf(std::int64_t rows, std::optional<std::int64_t> batch_size = 10) {
  FakeTable table;
  table.rows = rows;
  table.settings.batch_size = batch_size;
  return table;
}

std::vector<std::string> Rows(std::int64_t count) {
  std::vector<std::string> rows;
  for (std::int64_t row = 0; row < count; ++row) rows.push_back(std::to_string(row));
  return rows;
}

std::vector<std::string> EventsWith(const World& world, const std::string& beginning) {
  std::vector<std::string> events;
  for (const std::string& event : world.events) {
    if (testing::Begins(event, beginning)) events.push_back(event);
  }
  return events;
}

TEST(BackfillerTest, RowsAndPositionInOneUnitEachBatch) {
  World world;
  FakeTable table = TableOf(25);
  const LaneResult result = RunLane(world, table);
  EXPECT_EQ(result.rows, 25);
  EXPECT_EQ(result.batches, 3);
  EXPECT_FALSE(result.time_is_up);
  EXPECT_EQ(world.committed.effects, Rows(25));
  EXPECT_EQ(Join(world.committed.heads), "at 25");
  EXPECT_EQ(Join(EventsWith(world, "save")), "save 10 rows save 10 rows save 5 rows");
}

TEST(BackfillerTest, StepsFillTheTimeOfABatchAndFollowIt) {
  World world;
  FakeTable table = TableOf(2'000, std::nullopt);
  table.settings.target_batch_ms = 10;
  world.takes = {{"take 200", 4}, {"take 400", 8}};
  RunLane(world, table);
  // Two of 4 ms; a third would not fit into 10 ms.
  EXPECT_EQ(EventsWith(world, "save").front(), "save 400 rows");
  EXPECT_EQ(world.committed.effects, Rows(2'000));
}

TEST(BackfillerTest, BesideOtherLanesABatchIsAQuarterAsLong) {
  World world;
  FakeTable table = TableOf(2'000, std::nullopt);
  table.settings.target_batch_ms = 40;
  world.takes = {{"take 200", 4}, {"take 400", 8}};
  Call call;
  call.options.alone = false;
  RunLane(world, table, call);
  EXPECT_EQ(EventsWith(world, "save").front(), "save 400 rows");
}

TEST(BackfillerTest, RowsOfAnyWidthBeginWithAFew) {
  World world;
  FakeTable table = TableOf(100, std::nullopt);
  world.takes = {{"take 8", 400}};
  Call call;
  call.options.first_step = LaneOptions().first_step;
  RunLane(world, table, call);
  EXPECT_EQ(EventsWith(world, "save").front(), "save 8 rows") << "it has taken longer than a batch may";
  EXPECT_EQ(EventsWith(world, "take ")[2], "take 2");
  EXPECT_EQ(world.committed.effects, Rows(100));
}

TEST(BackfillerTest, SlowStepsGetSmaller) {
  World world;
  FakeTable table = TableOf(1'000, std::nullopt);
  world.takes = {{"take 200", 400}};
  RunLane(world, table);
  EXPECT_EQ(EventsWith(world, "take ")[2], "take 50") << "at most a quarter at a time; the first is the range";
}

TEST(BackfillerTest, SlowStepsGetSmallerThanTheBatchSizeToo) {
  World world;
  FakeTable table = TableOf(300, 100);
  world.takes = {{"take 100", 400}};
  RunLane(world, table);
  EXPECT_EQ(EventsWith(world, "take ")[2], "take 25");
}

TEST(BackfillerTest, APassEndsTheBatch) {
  World world;
  FakeTable table = TableOf(40, 1'000);
  table.pass = 15;
  RunLane(world, table);
  EXPECT_EQ(Join(EventsWith(world, "save")), "save 15 rows save 15 rows save 10 rows");
}

TEST(BackfillerTest, WhoeverWaitsForARowEndsTheBatch) {
  World world;
  world.somebody_waits = true;
  FakeTable table = TableOf(600, std::nullopt);
  RunLane(world, table);
  EXPECT_EQ(EventsWith(world, "save").front(), "save 200 rows") << "one step";
}

TEST(BackfillerTest, LockedRowsAreSkippedAndComeLast) {
  World world;
  FakeTable table = TableOf(30);
  table.locked[12] = 3;  // the batch, its try without waiting, and the first visit
  RunLane(world, table);
  std::vector<std::string> rows = Rows(30);
  rows.erase(rows.begin() + 12);
  rows.push_back("12");
  EXPECT_EQ(world.committed.effects, rows);
  EXPECT_EQ(EventsWith(world, "take skipped").size(), 2u);
  EXPECT_EQ(EventsWith(world, "take 10 skipping").size(), 1u);
}

TEST(BackfillerTest, SkippedRowsOutliveAFailure) {
  World world;
  FakeTable table = TableOf(30);
  table.locked[12] = 2;
  world.fault = [](int, const std::string& event) { return event == "take skipped" ? kBroken : nullptr; };
  EXPECT_TRUE(StartsWith(ErrorOf([&] { RunLane(world, table); }), kBroken));
  EXPECT_EQ(Join(world.committed.heads), "at 30 skipped 12");
  world.fault = nullptr;
  RunLane(world, table);
  EXPECT_EQ(world.committed.effects.size(), 30u);
  EXPECT_EQ(world.committed.effects.back(), "12");
}

TEST(BackfillerTest, DeadlocksAndConflictsAreTriedAgainSmaller) {
  for (const char* sqlstate : {kDeadlock, kSerialization}) {
    World world;
    FakeTable table = TableOf(40);
    world.fault = testing::FailOn("take 10", sqlstate);
    RunLane(world, table);
    EXPECT_EQ(world.committed.effects, Rows(40)) << sqlstate;
    EXPECT_EQ(EventsWith(world, "take ")[2], "take 5") << sqlstate;
  }
}

TEST(BackfillerTest, ConflictsWithoutEndEndIt) {
  World world;
  FakeTable table = TableOf(40);
  world.fault = [](int, const std::string& event) {
    return testing::Begins(event, "take ") && event != "take range" ? kSerialization : nullptr;
  };
  EXPECT_TRUE(StartsWith(ErrorOf([&] { RunLane(world, table); }), kSerialization));
  EXPECT_EQ(world.committed.effects.size(), 0u);
  EXPECT_FALSE(world.unit_is_open);
}

TEST(BackfillerTest, ARowThatFailsIsNamedAndWhatCameBeforeStays) {
  for (const std::int64_t bad : {0, 13, 19, 24}) {
    World world;
    FakeTable table = TableOf(25);
    table.bad = {bad};
    std::string detail;
    try {
      RunLane(world, table);
      FAIL();
    } catch (const core::Error& error) {
      EXPECT_EQ(error.report().sqlstate, kCheck);
      detail = error.report().detail;
    }
    EXPECT_EQ(detail, "The row: id = " + std::to_string(bad) + ".");
    EXPECT_EQ(world.committed.effects, Rows(bad));
    table.bad.clear();
    RunLane(world, table);
    EXPECT_EQ(world.committed.effects, Rows(25));
  }
}

TEST(BackfillerTest, RowsThatFailArePassedOverByChoice) {
  World world;
  FakeTable table = TableOf(40);
  table.bad = {0, 7, 8, 39};
  Call call;
  call.options.pass_over_failures = true;
  const LaneResult result = RunLane(world, table, call);
  EXPECT_EQ(result.rows, 36);
  std::vector<std::string> rows = Rows(40);
  for (const int bad : {0, 7, 8, 39}) rows[static_cast<std::size_t>(bad)] += std::string(" ") + kCheck;
  EXPECT_EQ(world.committed.effects, rows);
  EXPECT_EQ(Join(world.committed.heads), "at 40");
}

TEST(BackfillerTest, BatchesGrowAgainBehindARowThatFails) {
  World world;
  FakeTable table = TableOf(1'000, 100);
  table.bad = {100};
  Call call;
  call.options.pass_over_failures = true;
  RunLane(world, table, call);
  const std::string saved = Join(EventsWith(world, "save"));
  EXPECT_EQ(saved.substr(0, saved.find("100 rows save 100 rows")),
            "save 100 rows save 1 rows save 1 rows save 2 rows save 4 rows save 8 rows save 16 rows save 32 rows "
            "save 64 rows save ");
  EXPECT_EQ(world.committed.effects.size(), 1'000u);
}

TEST(BackfillerTest, ManyRowsThatFailDoNotMakeItCrawl) {
  World world;
  FakeTable table = TableOf(10'000, 1'000);
  for (std::int64_t row = 50; row < 10'000; row += 100) table.bad.insert(row);
  Call call;
  call.options.pass_over_failures = true;
  RunLane(world, table, call);
  EXPECT_EQ(world.committed.effects.size(), 10'000u);
  // A hundred that fail, each found in about twice the steps of a search by halves.
  EXPECT_LT(EventsWith(world, "take ").size(), 3'000u);
}

TEST(BackfillerTest, ASkippedRowThatFailsIsNamedToo) {
  World world;
  FakeTable table = TableOf(30);
  table.locked[12] = 2;
  table.bad_later = {12};
  const std::string error = ErrorOf([&] { RunLane(world, table); });
  EXPECT_NE(error.find("The row: id = 12."), std::string::npos) << error;
  EXPECT_EQ(Join(world.committed.heads), "at 30 skipped 12");
  Call call;
  call.options.pass_over_failures = true;
  RunLane(world, table, call);
  EXPECT_EQ(world.committed.effects.back(), std::string("12 ") + kCheck);
  EXPECT_EQ(world.committed.effects.size(), 30u);
  EXPECT_EQ(Join(world.committed.heads), "at 30");
}

// The table itself is locked: skipping rows does not help.
FakeTable LockedTable(World& world, std::int64_t until_ms) {
  world.fault = [&world, until_ms](int, const std::string& event) {
    const bool takes = testing::Begins(event, "take ") && event != "take range";
    return takes && world.now_ms < until_ms ? kLockTimeout : nullptr;
  };
  return TableOf(30);
}

TEST(BackfillerTest, AWaitForALockIsNoted) {
  World world;
  FakeTable table = LockedTable(world, world.now_ms + 5'000);
  RunLane(world, table);
  EXPECT_EQ(table.noted_waits, (std::vector<std::string>{"lock", ""}));
  EXPECT_EQ(world.committed.effects, Rows(30));
}

TEST(BackfillerTest, ACancelIsHeededInAWaitForALock) {
  World world;
  FakeTable table = LockedTable(world, world.now_ms + 9'000);
  Call call;
  const std::int64_t began = world.now_ms;
  call.between = [&] {
    if (world.now_ms > began + 2'000) table.request = Request::kCancel;
  };
  EXPECT_TRUE(StartsWith(ErrorOf([&] { RunLane(world, table, call); }), "57014 backfill \"job\" was cancelled"));
  EXPECT_LT(world.now_ms, began + 4'000);
  EXPECT_FALSE(world.unit_is_open);
}

TEST(BackfillerTest, TheTimeEndsInAWaitForALock) {
  World world;
  FakeTable table = LockedTable(world, world.now_ms + 9'000);
  Call call;
  call.options.until_ms = world.now_ms + 2'000;
  EXPECT_TRUE(RunLane(world, table, call).time_is_up);
  EXPECT_LT(world.now_ms, *call.options.until_ms + 1'500);
  EXPECT_TRUE(world.committed.effects.empty());
}

TEST(BackfillerTest, AReadIsTriedAgain) {
  for (const char* sqlstate : {kLockTimeout, kDeadlock, kSerialization}) {
    World world;
    FakeTable table = TableOf(30);
    world.fault = testing::FailOn("read", sqlstate);
    RunLane(world, table);
    EXPECT_EQ(world.committed.effects, Rows(30)) << sqlstate;
  }
}

TEST(BackfillerTest, WindowsWithoutRowsAreSavedNowAndThen) {
  World world;
  FakeTable table = TableOf(100'000, 1'000);
  table.window = 1'000;
  table.matching = {99'999};
  world.takes = {{"read", 100}};
  RunLane(world, table);
  EXPECT_EQ(world.committed.effects, std::vector<std::string>{"99999"});
  const std::size_t saves = EventsWith(world, "save").size();
  EXPECT_GE(saves, 9u);
  EXPECT_LE(saves, 12u) << "once a second of the ten that it took";
}

TEST(BackfillerTest, ACancelThatIsAskedForEndsItBetweenBatches) {
  World world;
  FakeTable table = TableOf(100);
  Call call;
  call.between = [&] {
    world.now_ms += 300;
    if (world.committed.effects.size() == 20) table.request = Request::kCancel;
  };
  EXPECT_TRUE(StartsWith(ErrorOf([&] { RunLane(world, table, call); }), "57014 backfill \"job\" was cancelled"));
  EXPECT_EQ(world.committed.effects, Rows(20));
}

TEST(BackfillerTest, PausedItWaitsAndSaysSo) {
  World world;
  FakeTable table = TableOf(100);
  table.request = Request::kPause;
  Call call;
  const std::int64_t began = world.now_ms;
  call.between = [&] {
    if (world.now_ms > began + 5'000) table.request = Request::kRun;
  };
  RunLane(world, table, call);
  EXPECT_EQ(table.noted_waits, (std::vector<std::string>{"pause", ""}));
  EXPECT_EQ(world.committed.effects, Rows(100));
}

TEST(BackfillerTest, AThrottleHoldsItBack) {
  World world;
  FakeTable table = TableOf(100);
  Call call;
  const std::int64_t began = world.now_ms;
  call.throttle = [&](const BackfillSettings&) -> std::optional<Wait> {
    if (world.now_ms < began + 3'000) return Wait{"replica lag", "a standby is behind", 200};
    return std::nullopt;
  };
  RunLane(world, table, call);
  EXPECT_EQ(table.noted_waits, (std::vector<std::string>{"replica lag", ""}));
  EXPECT_LE(table.looks, 20) << "for orders, every 250 ms";
}

TEST(BackfillerTest, ALongWaitIsNotedAgainAsItChangesAndSaidOnce) {
  World world;
  FakeTable table = TableOf(10);
  Call call;
  const std::int64_t began = world.now_ms;
  call.throttle = [&](const BackfillSettings&) -> std::optional<Wait> {
    const std::int64_t waited = world.now_ms - began;
    if (waited > 12'000) return std::nullopt;
    return Wait{"replica lag", std::to_string(waited) + " ms behind", 100};
  };
  RunLane(world, table, call);
  const std::vector<std::string> expected = {"replica lag", "replica lag", "replica lag", ""};
  EXPECT_EQ(table.noted_waits, expected);
  int said = 0;
  for (const std::string& text : world.said) said += text.find("waits: ") != std::string::npos ? 1 : 0;
  EXPECT_EQ(said, 1);
}

TEST(BackfillerTest, AShortWaitIsNotNoted) {
  World world;
  FakeTable table = TableOf(100);
  Call call;
  const std::int64_t began = world.now_ms;
  call.throttle = [&](const BackfillSettings&) -> std::optional<Wait> {
    if (world.now_ms < began + 400) return Wait{"WAL rate", "too fast", 100};
    return std::nullopt;
  };
  RunLane(world, table, call);
  EXPECT_TRUE(table.noted_waits.empty());
}

TEST(BackfillerTest, NothingBeginsWhenTheTimeIsUp) {
  World world;
  FakeTable table = TableOf(10, 1);
  world.takes = {{"take 1", 1'000}};
  Call call;
  call.options.until_ms = world.now_ms + 3'500;
  const LaneResult result = RunLane(world, table, call);
  EXPECT_TRUE(result.time_is_up);
  EXPECT_EQ(world.committed.effects, Rows(4));
  call.options.until_ms.reset();
  RunLane(world, table, call);
  EXPECT_EQ(world.committed.effects, Rows(10));
}

TEST(BackfillerTest, ALongPauseHeedsWhatIsAsked) {
  World world;
  FakeTable table = TableOf(100);
  table.settings.pause_ms = 3'600'000;
  Call call;
  const std::int64_t began = world.now_ms;
  call.between = [&] {
    if (world.now_ms > began + 2'000) table.settings.pause_ms = 0;
  };
  RunLane(world, table, call);
  EXPECT_EQ(world.committed.effects, Rows(100));
  EXPECT_LT(world.now_ms, began + 10'000);
}

TEST(BackfillerTest, APauseIsBetweenTwoBatches) {
  World world;
  FakeTable table = TableOf(30);
  table.settings.pause_ms = 60'000;
  const std::int64_t began = world.now_ms;
  RunLane(world, table);
  EXPECT_EQ(world.committed.effects, Rows(30));
  // One behind each batch: none before the first, none where a range ends.
  EXPECT_GE(world.now_ms, began + 3 * 60'000);
  EXPECT_LT(world.now_ms, began + 4 * 60'000);
}

TEST(BackfillerTest, ProgressEveryTwoSeconds) {
  World world;
  FakeTable table = TableOf(10, 1);
  world.takes = {{"take 1", 1'000}};
  RunLane(world, table);
  EXPECT_EQ(world.said.size(), 5u);
  EXPECT_EQ(world.said.front(), "backfill \"job\": half-way");
}

TEST(BackfillerTest, ATableThatIsRenamedIsTakenAgainByItsNewName) {
  World world;
  FakeTable table = TableOf(30);
  table.names = {"public.t", "public.u"};
  int takes = 0;
  world.fault = [&](int, const std::string& call) {
    return StartsWith(call, "take 1") && ++takes == 2 ? core::sqlstate::kUndefinedTable : nullptr;
  };
  RunLane(world, table);
  EXPECT_EQ(world.committed.effects, Rows(30));
}

TEST(BackfillerTest, AnotherTableThatIsMissingEndsIt) {
  World world;
  FakeTable table = TableOf(30);
  table.names = {"public.t", "public.t"};
  world.fault = [&](int, const std::string& call) {
    return StartsWith(call, "take 1") ? core::sqlstate::kUndefinedTable : nullptr;
  };
  EXPECT_TRUE(StartsWith(ErrorOf([&] { RunLane(world, table); }), core::sqlstate::kUndefinedTable));
}

// ---- a failure at every call of a port in turn ----------------------------------------------------------------

TEST(BackfillerFaultTest, NeitherLosesNorRepeatsARow) {
  const auto table_of = [] {
    FakeTable table = TableOf(45);
    table.window = 20;
    table.locked[17] = 2;
    return table;
  };
  World undisturbed;
  FakeTable first = table_of();
  RunLane(undisturbed, first);
  for (const char* sqlstate : {kBroken, kCancel, kLockTimeout, kDeadlock, kSerialization, kCheck}) {
    for (int n = 0; n < undisturbed.calls; ++n) {
      SCOPED_TRACE(std::string(sqlstate) + " at call " + std::to_string(n));
      World world;
      FakeTable table = table_of();
      world.fault = FailNth(n, sqlstate);
      const std::string error = ErrorOf([&] { RunLane(world, table); });
      EXPECT_FALSE(world.unit_is_open);
      world.fault = nullptr;
      if (!error.empty()) RunLane(world, table);
      std::vector<std::string> done = world.committed.effects;
      std::sort(done.begin(), done.end(),
                [](const std::string& a, const std::string& b) { return std::stoi(a) < std::stoi(b); });
      EXPECT_EQ(done, Rows(45));
    }
  }
}

}  // namespace
}  // namespace headway::engine
