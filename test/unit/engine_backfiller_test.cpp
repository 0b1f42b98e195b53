#include "engine/backfiller.hpp"

#include "fakes.hpp"

namespace headway::engine {
namespace {

using core::testing::ErrorOf;
using core::testing::StartsWith;
using testing::FailNth;
using testing::FailOn;
using testing::FakePorts;
using testing::Join;
using testing::World;

constexpr char kLockTimeout[] = "55P03";
constexpr char kDeadlock[] = "40P01";
constexpr char kCancel[] = "57014";
constexpr char kBroken[] = "XX001";

// A table of `rows` rows, walked in order. What is committed lives in the world: each row updated is an effect, the
// position and the state of the job are settings of a kind.
class FakeJob : public BackfillJob {
 public:
  FakeJob(World& world, std::int64_t rows) : world_(world), rows_(rows) {
    position_ = static_cast<std::int64_t>(world_.committed.effects.size());
    walked_before_ = position_;
  }

  std::string name() const override { return "job"; }
  std::string Describe() const override { return "public.t by key (id)"; }
  std::int64_t EstimatedTotal() const override { return estimated_total; }
  std::int64_t WalkedBefore() const override { return walked_before_; }

  Batch RunBatch(std::int64_t size) override {
    world_.RequireUnit(true, "RunBatch");
    world_.Call("batch " + std::to_string(size));
    EXPECT_EQ(static_cast<std::int64_t>(world_.open_unit.effects.size()), position_) << "goes on where it was";
    const std::int64_t end = std::min(rows_, position_ + size);
    for (std::int64_t row = position_; row < end; ++row) world_.open_unit.effects.push_back(std::to_string(row));
    pending_ = end;
    return {end - position_, end - position_, end == rows_};
  }

  void Advance() noexcept override {
    EXPECT_FALSE(world_.unit_is_open) << "Advance comes after the commit";
    world_.events.emplace_back("advance");
    position_ = pending_;
  }

  void MarkDone() override { Mark("done"); }
  void MarkFailed(const core::ErrorReport& error) override { Mark("failed " + error.sqlstate); }

  std::int64_t estimated_total = 0;

 private:
  void Mark(const std::string& state) {
    world_.RequireUnit(true, state.c_str());
    world_.Call("mark " + state);
    world_.open_unit.settings = {state};
  }

  World& world_;
  std::int64_t rows_;
  std::int64_t position_ = 0;
  std::int64_t walked_before_ = 0;
  std::int64_t pending_ = 0;
};

BackfillOptions Options(std::optional<std::int64_t> batch_size = 10) {
  BackfillOptions options;
  options.batch_size = batch_size;
  options.retry = {2'000, 50, 50, 10'000, 0, 1'000, 1'000};
  return options;
}

// A call of its own each time.
std::int64_t RunJob(World& world, std::int64_t rows, const BackfillOptions& options, std::int64_t estimated_total = 0) {
  const std::set<std::string> state = world.committed.settings;
  FakePorts fakes(world, true);
  world.committed.settings = state;
  FakeJob job(world, rows);
  job.estimated_total = estimated_total;
  return Backfiller(fakes.session, job, fakes.clock, fakes.reporter, options).Run();
}

std::string State(const World& world) { return Join(world.committed.settings); }

const char kBatch[] = "begin\nbegin script, lock timeout 50\nbatch 10\nend script\n";

TEST(BackfillerTest, EachBatchIsAUnitAndTheLastOneMarksItDone) {
  World world;
  EXPECT_EQ(RunJob(world, 25, Options()), 25);
  EXPECT_EQ(world.TakeTrace(), std::string(kBatch) + "commit\nadvance\n" + kBatch + "commit\nadvance\n" + kBatch +
                                   "mark done\ncommit\nadvance\n");
  EXPECT_EQ(State(world), "done");
  EXPECT_EQ(world.said.front(), "backfill \"job\": walking public.t by key (id)");
  EXPECT_EQ(world.said.back(), "backfill \"job\": done, 25 rows updated / Batches: 3, in 0.0 s, the longest 0.0 s.");
}

TEST(BackfillerTest, AnEmptyTableIsDone) {
  World world;
  EXPECT_EQ(RunJob(world, 0, Options()), 0);
  EXPECT_EQ(State(world), "done");
}

TEST(BackfillerTest, BatchSizesFollowTheTimeTheyTake) {
  World world;
  BackfillOptions options = Options(std::nullopt);
  options.limits = {100, 1'500, 100};
  world.takes = {{"batch 1000", 50}, {"batch 1500", 10'000}, {"batch 375", 100}};
  EXPECT_EQ(RunJob(world, 3'000, options), 3'000);
  std::vector<std::string> batches;
  for (const std::string& event : world.events) {
    if (testing::Begins(event, "batch")) batches.push_back(event.substr(6));
  }
  EXPECT_EQ(Join(batches), "1000 1500 375 375");
}

TEST(BackfillerTest, AFixedSizeStays) {
  World world;
  world.takes = {{"batch 10", 60'000}};
  RunJob(world, 30, Options());
  EXPECT_EQ(std::count(world.events.begin(), world.events.end(), "batch 10"), 3);
}

TEST(BackfillerTest, OnlyTheBatchThatMeetsALockIsTriedAgain) {
  for (const char* sqlstate : {kLockTimeout, kDeadlock}) {
    World world;
    int batches = 0;
    world.fault = [&](int, const std::string& event) -> const char* {
      if (event != "batch 10") return nullptr;
      ++batches;
      return batches == 2 || batches == 3 ? sqlstate : nullptr;
    };
    EXPECT_EQ(RunJob(world, 20, Options()), 20);
    const std::string failed = "begin\nbegin script, lock timeout 50\nbatch 10\nrollback\nsleep 1000\n";
    EXPECT_EQ(world.TakeTrace(),
              std::string(kBatch) + "commit\nadvance\n" + failed + failed + kBatch + "mark done\ncommit\nadvance\n");
    EXPECT_EQ(State(world), "done");
  }
}

TEST(BackfillerTest, ACommitThatFailsDoesNotAdvance) {
  World world;
  world.fault = FailOn("commit", kDeadlock);
  EXPECT_EQ(RunJob(world, 20, Options()), 20);
  EXPECT_TRUE(StartsWith(world.TakeTrace(), std::string(kBatch) + "commit\nrollback\nsleep 1000\n" + kBatch));
  EXPECT_EQ(world.committed.effects.size(), 20u);
}

TEST(BackfillerTest, TheTimeForRetriesIsThatOfOneBatch) {
  World world;
  world.takes = {{"batch 10", 6'000}};
  int batches = 0;
  world.fault = [&](int, const std::string& event) {
    return event == "batch 10" && ++batches % 2 == 1 ? kLockTimeout : nullptr;
  };
  EXPECT_EQ(RunJob(world, 50, Options()), 50) << "each batch meets a lock once";
}

TEST(BackfillerTest, GivesUpWhenTheTimeIsSpent) {
  World world;
  world.fault = FailOn("batch 10", kLockTimeout, 1'000);
  EXPECT_EQ(ErrorOf([&] { RunJob(world, 20, Options()); }), "55P03 injected at batch 10");
  EXPECT_EQ(State(world), "failed 55P03");
  EXPECT_EQ(std::count(world.events.begin(), world.events.end(), "sleep 1000"), 10);
  EXPECT_EQ(world.now_ms, 1'010'000);
}

TEST(BackfillerTest, NothingElseIsTriedAgain) {
  for (const char* sqlstate : {kCancel, kBroken, "57P01", "40001", "MG017"}) {
    World world;
    world.fault = FailOn("batch 10", sqlstate);
    EXPECT_EQ(ErrorOf([&] { RunJob(world, 20, Options()); }), std::string(sqlstate) + " injected at batch 10");
    EXPECT_EQ(world.TakeTrace(), std::string("begin\nbegin script, lock timeout 50\nbatch 10\nrollback\n") +
                                     "begin\nmark failed " + sqlstate + "\ncommit\n");
    EXPECT_EQ(State(world), std::string("failed ") + sqlstate);
  }
}

TEST(BackfillerTest, FailingToNoteItDoesNotHideWhatHappened) {
  World world;
  world.fault = [](int, const std::string& event) {
    return event == "batch 10" ? kBroken : event == "mark failed XX001" ? "42501" : nullptr;
  };
  EXPECT_EQ(ErrorOf([&] { RunJob(world, 20, Options()); }), "XX001 injected at batch 10");
  EXPECT_FALSE(world.unit_is_open);
}

TEST(BackfillerTest, ACancelDuringAPauseIsNoted) {
  World world;
  world.fault = [](int, const std::string& event) {
    return event == "batch 10" ? kLockTimeout : event == "sleep 1000" ? kCancel : nullptr;
  };
  EXPECT_TRUE(StartsWith(ErrorOf([&] { RunJob(world, 20, Options()); }), "57014"));
  EXPECT_EQ(State(world), "failed 57014");
}

TEST(BackfillerTest, ACancelDuringANoticeIsNoted) {
  World world;
  world.takes = {{"batch 10", 5'000}};
  int notices = 0;
  world.fault = [&](int, const std::string& event) { return event == "notice" && ++notices == 2 ? kCancel : nullptr; };
  EXPECT_TRUE(StartsWith(ErrorOf([&] { RunJob(world, 30, Options()); }), "57014"));
  EXPECT_EQ(State(world), "failed 57014");
  world.fault = nullptr;
  EXPECT_EQ(RunJob(world, 30, Options()), 20) << "the batch was committed";
}

TEST(BackfillerTest, AFailureAfterTheEndLeavesItDone) {
  World world;
  int notices = 0;
  world.fault = [&](int, const std::string& event) { return event == "notice" && ++notices == 2 ? kCancel : nullptr; };
  EXPECT_TRUE(StartsWith(ErrorOf([&] { RunJob(world, 10, Options()); }), "57014"));
  EXPECT_EQ(State(world), "done");
}

TEST(BackfillerTest, ProgressForPeople) {
  World world;
  world.takes = {{"batch 10", 1'000}};
  RunJob(world, 50, Options(), 50);
  EXPECT_EQ(world.said,
            (std::vector<std::string>{"backfill \"job\": walking public.t by key (id)",
                                      "backfill \"job\": 20 rows updated, 10 rows/s, 40 % through, about 3.0 s left",
                                      "backfill \"job\": 40 rows updated, 10 rows/s, 80 % through, about 1.0 s left",
                                      "backfill \"job\": done, 50 rows updated / Batches: 5, in 5.0 s, the longest "
                                      "1.0 s."}));
}

TEST(BackfillerTest, ProgressCountsWhatEarlierCallsWalked) {
  World world;
  for (int row = 0; row < 50; ++row) world.committed.effects.push_back(std::to_string(row));
  world.takes = {{"batch 10", 2'000}};
  RunJob(world, 100, Options(), 100);
  EXPECT_EQ(world.said[1], "backfill \"job\": 10 rows updated, 5 rows/s, 60 % through, about 8.0 s left");
}

TEST(BackfillerTest, NoShareWhenTheEstimateIsOff) {
  World world;
  world.takes = {{"batch 10", 2'000}};
  RunJob(world, 20, Options(), 5);
  EXPECT_EQ(world.said[1], "backfill \"job\": 10 rows updated, 5 rows/s");
}

TEST(BackfillerTest, AVeryLargeTableForVeryLong) {
  World world;
  world.takes = {{"batch 10", 30'000'000'000}};  // a year
  RunJob(world, 20, Options(), 4'000'000'000'000'000'000);
  EXPECT_TRUE(StartsWith(world.said[1], "backfill \"job\": 10 rows updated, 0 rows/s, 0 % through, about "));
}

// ---- a failure at every call of a port in turn ----------------------------------------------------------------

TEST(BackfillerFaultTest, NeitherLosesNorRepeatsARow) {
  for (const char* sqlstate : {kBroken, kCancel, kLockTimeout, kDeadlock}) {
    World undisturbed;
    RunJob(undisturbed, 45, Options());
    for (int n = 0; n < undisturbed.calls; ++n) {
      SCOPED_TRACE(std::string(sqlstate) + " at call " + std::to_string(n));
      World world;
      world.fault = FailNth(n, sqlstate);
      const std::string error = ErrorOf([&] { RunJob(world, 45, Options()); });
      EXPECT_FALSE(world.unit_is_open);
      const bool done = world.committed.effects.size() == 45;
      EXPECT_TRUE(done || !error.empty());
      EXPECT_EQ(State(world), done ? "done" : std::string("failed ") + sqlstate);
      world.fault = nullptr;
      if (!done) RunJob(world, 45, Options());
      EXPECT_EQ(world.committed.effects, undisturbed.committed.effects);
      EXPECT_EQ(State(world), "done");
    }
  }
}

}  // namespace
}  // namespace headway::engine
