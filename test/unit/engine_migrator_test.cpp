#include "engine/migrator.hpp"

#include "fakes.hpp"

namespace headway::engine {
namespace {

using core::Direction;
using core::testing::ErrorOf;
using core::testing::StartsWith;
using testing::Begins;
using testing::FailFrom;
using testing::FailNth;
using testing::FailOn;
using testing::FakePorts;
using testing::Join;
using testing::World;

constexpr char kLockTimeout[] = "55P03";
constexpr char kDeadlock[] = "40P01";
constexpr char kCancel[] = "57014";
constexpr char kBroken[] = "XX001";

constexpr core::RetryPolicy kPolicy = {2'000, 50, 50, 10'000, 0, 1'000, 1'000};

enum class Door { kWorker, kCaller };

// A session of its own each time, as a worker is. The caller's transaction is undone when the call fails.
int RunThrough(World& world, Door door, std::string_view target, Direction direction = Direction::kUpgrade,
               const core::RetryPolicy& policy = kPolicy) {
  FakePorts fakes(world, door == Door::kWorker);
  Migrator migrator(fakes.ports(), policy);
  const testing::Tables before = world.committed;
  try {
    return migrator.Run(direction, target);
  } catch (...) {
    if (door == Door::kCaller) world.committed = before;
    throw;
  }
}

int Upgrade(World& world, std::string_view target = "head") { return RunThrough(world, Door::kWorker, target); }

// What runs before the first step, and the ends that are always alike.
const char kPlanned[] =
    "begin\nlock\ncommit\n"
    "begin\nclose interrupted\nload revisions\nload heads\nmirror in step\n";

World TwoRevisions() {
  World world;
  world.Add("a", "create t;alter t", "drop t");
  world.Add("b <- a", "update t", "");
  return world;
}

// One revision that cannot run in a transaction, between two that can.
World WithIndex() {
  World world;
  world.Add("a", "create t", "drop t");
  world.Add("b <- a", "set x;index i;set y;vacuum t;alter t", "vacuum t;drop i");
  world.Add("c <- b", "update t", "");
  return world;
}

TEST(MigratorTest, EverythingOfAStepIsInOneUnit) {
  World world = TwoRevisions();
  EXPECT_EQ(Upgrade(world), 2);
  EXPECT_EQ(world.TakeTrace(), std::string(kPlanned) +
                                   "load facts a b\ncommit\n"
                                   "enter upgrade of revision a\n"
                                   "begin\nload upgrade of a\nparse upgrade of revision a\n"
                                   "begin script, lock timeout 50\nhover create t, 2000\nrun create t\nhover alter t, "
                                   "50\nrun alter t\nend script\n"
                                   "heads - +a\nrecord upgrade a done\ncommit\n"
                                   "enter upgrade of revision b\n"
                                   "begin\nload upgrade of b\nparse upgrade of revision b\n"
                                   "begin script, lock timeout 50\nhover update t, 2000\nrun update t\nend script\n"
                                   "heads -a +b\nrecord upgrade b done\ncommit\n");
  EXPECT_EQ(Join(world.committed.heads), "b");
  EXPECT_EQ(world.committed.history.at(1).lock_tries, 1);
  EXPECT_EQ(world.committed.history.at(1).statement, 0);
}

TEST(MigratorTest, SaysWhatItDoes) {
  World world = TwoRevisions();
  world.revisions["b"].revision.message = "Fill t\n\nwith care";
  Upgrade(world);
  EXPECT_EQ(world.said, (std::vector<std::string>{"the promise / the reason", "Running upgrade  -> a",
                                                  "Running upgrade a -> b, Fill t"}));
  world.said.clear();
  EXPECT_EQ(Upgrade(world), 0);
  EXPECT_EQ(world.said, std::vector<std::string>{"nothing to do: the database is at b"});
  world.said.clear();
  RunThrough(world, Door::kWorker, "base", Direction::kDowngrade);
  EXPECT_EQ(world.said, (std::vector<std::string>{"the promise / the reason", "Running downgrade b -> a, Fill t",
                                                  "Running downgrade a -> "}));
  world.said.clear();
  RunThrough(world, Door::kWorker, "base", Direction::kDowngrade);
  EXPECT_EQ(world.said, std::vector<std::string>{"nothing to do: no revision is applied"});
}

TEST(MigratorTest, TheCallersTransactionCountsItsLocksInTheUnit) {
  World world = TwoRevisions();
  EXPECT_EQ(RunThrough(world, Door::kCaller, "a"), 1);
  EXPECT_EQ(world.TakeTrace(), std::string(kPlanned) +
                                   "load facts a\ncommit\n"
                                   "begin\nload upgrade of a\nparse upgrade of revision a\ncommit\n"
                                   "enter upgrade of revision a\n"
                                   "begin\nload upgrade of a\nparse upgrade of revision a\n"
                                   "begin script, lock timeout 50\nhover create t, 2000\nrun create t\nhover alter t, "
                                   "50\nrun alter t\nend script\n"
                                   "heads - +a\nrecord upgrade a done\nlock space\ncommit\n");
}

TEST(MigratorTest, StatementByStatement) {
  World world = WithIndex();
  world.committed.heads = {"a"};
  EXPECT_EQ(Upgrade(world, "b"), 1);
  EXPECT_EQ(world.TakeTrace(),
            std::string(kPlanned) +
                "load facts b\ncommit\n"
                "enter upgrade of revision b\n"
                "begin\nload upgrade of b\nparse upgrade of revision b\ncommit\n"
                "begin\nload progress\nsave progress 0\nrecord upgrade b running\ncommit\n"
                "top set x, lock timeout 50\nsave progress 1\ncommit\n"
                "drop invalid i\ntop index i, lock timeout 0\nsave progress 2\ncommit\n"
                "top set y, lock timeout 50\nsave progress 3\ncommit\n"
                "begin\nhover vacuum t, 2000\ncommit\ntop vacuum t, lock timeout 50\nsave progress 4\ncommit\n"
                "top alter t, lock timeout 50\nsave progress 5\n"
                "delete progress\nheads -a +b\nrecord upgrade b done\ncommit\n"
                "reset\n");
  EXPECT_EQ(world.History(), std::vector<std::string>{"upgrade b done"}) << "one row, rewritten";
}

TEST(MigratorTest, ABackfillKeepsItsOwnShortWaits) {
  World world;
  world.Add("a", "backfill t");
  Upgrade(world);
  EXPECT_NE(world.TakeTrace().find("top backfill t, lock timeout 0\n"), std::string::npos);
}

TEST(MigratorTest, AScriptOfNothingIsDone) {
  World world;
  world.Add("a", "", "");
  EXPECT_EQ(Upgrade(world), 1);
  EXPECT_EQ(Join(world.committed.heads), "a");
}

// ---- resuming -------------------------------------------------------------------------------------------------

TEST(MigratorResumeTest, GoesOnAtTheStatementThatFailedAndReplaysSettings) {
  World world = WithIndex();
  world.committed.heads = {"a"};
  world.fault = FailOn("top vacuum t, lock timeout 50", kBroken);
  EXPECT_EQ(ErrorOf([&] { Upgrade(world, "b"); }), "XX001 injected at top vacuum t, lock timeout 50");
  EXPECT_EQ(world.History(), std::vector<std::string>{"upgrade b failed"});
  EXPECT_EQ(world.committed.history.at(1).statement, 4);
  EXPECT_EQ(world.committed.history.at(1).line, 4);
  EXPECT_EQ(world.committed.history.at(1).error.context, "statement 4, line 4 of the upgrade of revision b");
  EXPECT_EQ(Join(world.committed.heads), "a");

  world.TakeTrace();
  world.said.clear();
  EXPECT_EQ(Upgrade(world, "b"), 1);
  const std::string trace = world.TakeTrace();
  EXPECT_EQ(
      trace.substr(trace.find("begin\nload progress")),
      "begin\nload progress\nparse upgrade of revision b\ncount equal statements\nrecord upgrade b running\ncommit\n"
      "top set x, lock timeout 50\ncommit\n"
      "top set y, lock timeout 50\ncommit\n"
      "begin\nhover vacuum t, 2000\ncommit\ntop vacuum t, lock timeout 50\nsave progress 4\ncommit\n"
      "top alter t, lock timeout 50\nsave progress 5\n"
      "delete progress\nheads -a +b\nrecord upgrade b done\ncommit\n"
      "reset\n");
  EXPECT_EQ(world.said.back(), "going on after statement 3 of the upgrade of revision b");
  EXPECT_EQ(Join(world.committed.effects), "index i[x] vacuum t[x y] alter t[x y]");
  EXPECT_EQ(world.History(), (std::vector<std::string>{"upgrade b failed", "upgrade b done"}));
}

// The upgrade of b has failed at its fourth statement.
World StoppedAtVacuum() {
  World world = WithIndex();
  world.committed.heads = {"a"};
  world.fault = FailOn("top vacuum t, lock timeout 50", kBroken);
  ErrorOf([&] { Upgrade(world, "b"); });
  return world;
}

TEST(MigratorResumeTest, AScriptThatHasChangedInWhatIsDoneIsRefused) {
  World world = StoppedAtVacuum();
  const testing::Tables before = world.committed;
  const std::string registered = world.revisions["b"].upgrade;

  for (const char* changed : {"set x;index j;set y;vacuum t;alter t", "set x;index i"}) {
    world.revisions["b"].upgrade = changed;
    world.TakeTrace();
    const std::string error = ErrorOf([&] { Upgrade(world, "b"); });
    EXPECT_TRUE(StartsWith(error,
                           "MG015 the upgrade of revision b has changed in what an earlier run of it has done / "
                           "3 of its statements are done, and statement "))
        << error;
    EXPECT_NE(error.find("SELECT migrate_forget_progress('b')"), std::string::npos);
    EXPECT_EQ(world.TakeTrace().find("top "), std::string::npos);
    EXPECT_EQ(world.committed.effects, before.effects);
    EXPECT_EQ(world.committed.progress.begin()->second.statements_done, 3);
  }

  world.revisions["b"].upgrade = " " + registered;
  EXPECT_EQ(Upgrade(world, "b"), 1) << "white space does not count";
}

TEST(MigratorResumeTest, WhatIsNotDoneMayBeMended) {
  for (const char* mended : {"set x;index i;set y;vacuum u;alter t", "set x;index i;set y;alter t"}) {
    World world = StoppedAtVacuum();
    world.fault = nullptr;
    world.revisions["b"].upgrade = mended;
    EXPECT_EQ(Upgrade(world, "b"), 1) << mended;
    EXPECT_EQ(Join(world.committed.effects).find("vacuum t"), std::string::npos);
    EXPECT_NE(Join(world.committed.effects).find("alter t[x y]"), std::string::npos);
    EXPECT_EQ(Join(world.committed.heads), "b");
    EXPECT_TRUE(world.committed.progress.empty());
  }
}

TEST(MigratorResumeTest, WhenTheRestIsTakenOutOfTheScriptItIsThrough) {
  World world = StoppedAtVacuum();
  world.fault = nullptr;
  world.revisions["b"].upgrade = "set x;index i;set y";
  EXPECT_EQ(Upgrade(world, "b"), 1);
  EXPECT_EQ(Join(world.committed.effects), "index i[x]");
  EXPECT_EQ(Join(world.committed.heads), "b");
  EXPECT_TRUE(world.committed.progress.empty());
  EXPECT_EQ(world.History(), (std::vector<std::string>{"upgrade b failed", "upgrade b done"}));
}

TEST(MigratorResumeTest, AMendedScriptClearsUpWhatTheEarlierOneLeft) {
  for (const char* mended : {"index j;alter t", "alter t"}) {
    World world = WithIndex();
    world.revisions["b"].upgrade = "index i;alter t";
    world.committed.heads = {"a"};
    world.fault = FailOn("top index i, lock timeout 0", kBroken);
    ErrorOf([&] { Upgrade(world, "b"); });
    ASSERT_EQ(Join(world.invalid_indexes), "i");
    world.fault = nullptr;
    world.revisions["b"].upgrade = mended;
    EXPECT_EQ(Upgrade(world, "b"), 1) << mended;
    EXPECT_EQ(world.invalid_indexes.count("i"), 0u) << mended;
    EXPECT_EQ(Join(world.committed.heads), "b");
    EXPECT_TRUE(world.committed.progress.empty());
  }
}

TEST(MigratorResumeTest, AnInvalidIndexIsDroppedAndBuiltAgain) {
  World world = WithIndex();
  world.committed.heads = {"a"};
  world.fault = FailOn("top index i, lock timeout 0", kBroken);
  ErrorOf([&] { Upgrade(world, "b"); });
  EXPECT_EQ(Join(world.invalid_indexes), "i");
  world.said.clear();
  EXPECT_EQ(Upgrade(world, "b"), 1);
  EXPECT_EQ(world.said.back(), "dropped the invalid index \"i\" that a failed try had left behind");
  EXPECT_EQ(Join(world.committed.effects), "index i[x] vacuum t[x y] alter t[x y]");
}

TEST(MigratorResumeTest, ARunThatEndedWithoutAWordIsInterrupted) {
  World world = WithIndex();
  world.fault = FailFrom(40, kBroken);  // the server is gone
  ErrorOf([&] { Upgrade(world); });
  ASSERT_EQ(world.History().back(), "upgrade b running");
  world.fault = nullptr;
  Upgrade(world);
  EXPECT_EQ(world.History(),
            (std::vector<std::string>{"upgrade a done", "upgrade b interrupted", "upgrade b done", "upgrade c done"}));
}

// ---- retries --------------------------------------------------------------------------------------------------

TEST(MigratorRetryTest, LockTimeoutsAndDeadlocksAreTriedAgainAsAWhole) {
  for (const char* sqlstate : {kLockTimeout, kDeadlock}) {
    World world = TwoRevisions();
    world.fault = FailOn("run alter t", sqlstate, 2);
    EXPECT_EQ(Upgrade(world, "a"), 1);
    const std::string trace = world.TakeTrace();
    const std::string attempt =
        "begin\nload upgrade of a\nparse upgrade of revision a\n"
        "begin script, lock timeout 50\nhover create t, 2000\nrun create t\nhover alter t, 50\nrun alter t\n";
    EXPECT_EQ(trace.substr(trace.find("enter")), "enter upgrade of revision a\n" + attempt +
                                                     "rollback\nbegin\nblockers\ncommit\nsleep 1000\n" + attempt +
                                                     "rollback\nbegin\nblockers\ncommit\nsleep 1000\n" + attempt +
                                                     "end script\nheads - +a\nrecord upgrade a done\ncommit\n");
    EXPECT_EQ(Join(world.committed.effects), "create t alter t");
    EXPECT_EQ(world.committed.history.at(1).lock_tries, 3);
    EXPECT_EQ(std::count(world.said.begin(), world.said.end(),
                         "the upgrade of revision a has to wait for a lock; trying again for up to 10 s / "
                         "injected at run alter t"),
              1);
  }
}

TEST(MigratorRetryTest, ACommitIsTriedAgainToo) {
  World world = TwoRevisions();
  int commits = 0;
  world.fault = [&](int, const std::string& event) {
    return event == "commit" && ++commits == 3 ? kDeadlock : nullptr;
  };
  EXPECT_EQ(Upgrade(world, "a"), 1);
  EXPECT_EQ(Join(world.committed.effects), "create t alter t");
  EXPECT_EQ(world.History(), std::vector<std::string>{"upgrade a done"});
}

TEST(MigratorRetryTest, PausesFollowChance) {
  for (const auto& [chance, pause] : {std::pair(0.0, "sleep 500\n"), std::pair(0.99, "sleep 1490\n")}) {
    World world = TwoRevisions();
    world.chance = chance;
    world.fault = FailOn("run create t", kLockTimeout);
    Upgrade(world, "a");
    EXPECT_NE(world.TakeTrace().find(pause), std::string::npos) << pause;
  }
}

TEST(MigratorRetryTest, NothingElseIsTriedAgain) {
  for (const char* sqlstate : {kCancel, kBroken, "57P01", "40001", "53200"}) {
    World world = TwoRevisions();
    world.fault = FailOn("run alter t", sqlstate);
    EXPECT_EQ(ErrorOf([&] { Upgrade(world); }).substr(0, 5), sqlstate);
    const std::string trace = world.TakeTrace();
    const std::string result = sqlstate == kCancel ? "cancelled" : "failed";
    EXPECT_EQ(trace.substr(trace.find("run alter t")),
              "run alter t\nrollback\nbegin\nrecord upgrade a " + result + "\ncommit\n");
    EXPECT_EQ(Join(world.committed.effects), "");
    EXPECT_EQ(Join(world.committed.heads), "");
    EXPECT_EQ(world.committed.history.at(1).error.sqlstate, sqlstate);
    EXPECT_EQ(world.committed.history.at(1).error.context, "statement 2, line 2 of the upgrade of revision a");
  }
}

TEST(MigratorRetryTest, GivesUpWhenTheTimeIsSpent) {
  World world = TwoRevisions();
  world.fault = FailOn("run alter t", kLockTimeout, 1'000);
  world.takes["run alter t"] = 50;
  const std::string error = ErrorOf([&] { Upgrade(world, "a"); });
  EXPECT_TRUE(StartsWith(error,
                         "55P03 the upgrade of revision a did not get its locks in 11 tries within 10 s / injected at "
                         "run alter t (statement 2, line 2 of the upgrade of revision a) / Nothing of this try"));
  EXPECT_EQ(world.History(), std::vector<std::string>{"upgrade a failed"});
  EXPECT_EQ(world.committed.history.at(1).lock_tries, 11);
  const std::string trace = world.TakeTrace();
  EXPECT_NE(trace.find("sleep 500\n"), std::string::npos) << "the last pause ends with the time";
}

// A policy whose waits grow, without chance.
constexpr core::RetryPolicy kGrowing = {2'000, 50, 150, 60'000, 0, 500, 1'500};

int Occurrences(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

int UpgradeWith(World& world, const core::RetryPolicy& policy, const char* target, Door door = Door::kWorker) {
  return RunThrough(world, door, target, Direction::kUpgrade, policy);
}

TEST(MigratorGuardTest, BehindATransactionThatStaysNobodyQueues) {
  World world = TwoRevisions();
  int looks = 0;
  world.hover = [&](const std::string&) { return ++looks < 4 ? LockOutcome::kHeld : LockOutcome::kTaken; };
  world.blockers = "pid 1 holds it";
  EXPECT_EQ(UpgradeWith(world, kGrowing, "a"), 1);
  const std::string trace = world.TakeTrace();
  const std::string in_vain = "hover create t, 2000\nrollback\nbegin\nblockers\ncommit\nsleep 100\n";
  EXPECT_EQ(Occurrences(trace, in_vain), 3) << trace;
  EXPECT_EQ(Occurrences(trace, "run create t\n"), 1) << "it was not even begun while the lock was held";
  EXPECT_EQ(Occurrences(trace, "lock timeout 50\n"), 4)
      << "nobody has queued, so the next wait in a queue is no longer";
  EXPECT_EQ(world.committed.history.at(1).lock_tries, 4);
  EXPECT_NE(
      std::find(world.said.begin(), world.said.end(),
                "the upgrade of revision a has to wait for a lock; trying again for up to 00:01:00 / pid 1 holds it"),
      world.said.end());
}

TEST(MigratorGuardTest, ABusyTableIsQueuedForLongerEachTime) {
  World world = TwoRevisions();
  world.hover = [](const std::string&) { return LockOutcome::kBusy; };
  world.fault = FailOn("run create t", kLockTimeout, 4);
  EXPECT_EQ(UpgradeWith(world, kGrowing, "a"), 1);
  std::string waits;
  for (const std::string& event : world.events) {
    if (Begins(event, "begin script") || Begins(event, "sleep")) waits += event + "\n";
  }
  EXPECT_EQ(waits,
            "begin script, lock timeout 50\nsleep 500\nbegin script, lock timeout 100\nsleep 1000\n"
            "begin script, lock timeout 150\nsleep 1500\nbegin script, lock timeout 150\nsleep 1500\n"
            "begin script, lock timeout 150\n");
}

TEST(MigratorGuardTest, HoldingLocksItHoversNoLongerThanItWouldQueue) {
  World world = TwoRevisions();
  world.hover = [](const std::string& statement) {
    return statement == "alter t" ? LockOutcome::kHeld : LockOutcome::kTaken;
  };
  core::RetryPolicy once = kGrowing;
  once.lock_retry_ms = 0;
  world.blockers = "pid 1 holds it";
  EXPECT_TRUE(
      StartsWith(ErrorOf([&] { UpgradeWith(world, once, "a"); }),
                 "55P03 the upgrade of revision a did not get its locks in one try within 0.0 s / pid 1 holds it"));
  const std::string trace = world.TakeTrace();
  EXPECT_NE(trace.find("hover alter t, 50\nrollback\n"), std::string::npos) << trace;
  EXPECT_EQ(world.committed.history.at(1).error.detail, "pid 1 holds it") << "the history names them too";
}

TEST(MigratorGuardTest, WithoutALimitOrWithoutHoveringItQueues) {
  for (const core::RetryPolicy& policy : {core::RetryPolicy{2'000, 0, 150, 60'000, 0, 500, 1'500},
                                          core::RetryPolicy{0, 50, 150, 60'000, 0, 500, 1'500}}) {
    World world = TwoRevisions();
    world.hover = [](const std::string&) { return LockOutcome::kHeld; };
    EXPECT_EQ(UpgradeWith(world, policy, "a"), 1);
    EXPECT_EQ(Occurrences(world.TakeTrace(), "sleep"), 0);
  }
}

TEST(MigratorGuardTest, WithoutHoveringTheWaitsGrowAllTheSame) {
  World world = TwoRevisions();
  world.hover = [](const std::string&) { return LockOutcome::kHeld; };
  world.fault = FailOn("run create t", kLockTimeout, 2);
  EXPECT_EQ(UpgradeWith(world, {0, 50, 150, 60'000, 0, 500, 1'500}, "a"), 1);
  const std::string trace = world.TakeTrace();
  EXPECT_EQ(Occurrences(trace, "lock timeout 150\n"), 1) << trace;
  EXPECT_EQ(Occurrences(trace, "sleep 1000\n"), 1) << trace;
}

TEST(MigratorGuardTest, ConcurrentlyHasATimeoutOfItsOwn) {
  World world = WithIndex();
  world.committed.heads = {"a"};
  core::RetryPolicy policy = kGrowing;
  policy.concurrently_timeout_ms = 9'000;
  EXPECT_EQ(UpgradeWith(world, policy, "b"), 1);
  EXPECT_NE(world.TakeTrace().find("drop invalid i\ntop index i, lock timeout 9000\n"), std::string::npos);
}

TEST(MigratorGuardTest, ALockHeldForTooLongIsNoCancelOfTheUser) {
  for (const Door door : {Door::kWorker, Door::kCaller}) {
    World world = TwoRevisions();
    world.fault = FailOn("run alter t", kCancel);
    world.held_too_long = "It was held for longer than 2.0 s.";
    EXPECT_TRUE(
        StartsWith(ErrorOf([&] { UpgradeWith(world, kGrowing, "head", door); }),
                   "MG022 the upgrade of revision a held a lock for too long / It was held for longer than 2.0 s. "
                   "The revision has been rolled back. / Do the long part without that lock"));
    if (door == Door::kWorker) EXPECT_EQ(world.History(), std::vector<std::string>{"upgrade a failed"});
    EXPECT_EQ(Join(world.committed.effects), "");
  }
}

TEST(MigratorGuardTest, ACancelWhileLookingForThoseInTheWayEndsIt) {
  World world = TwoRevisions();
  world.fault = [](int, const std::string& event) {
    return event == "run create t" ? kLockTimeout : event == "blockers" ? kCancel : nullptr;
  };
  EXPECT_TRUE(StartsWith(ErrorOf([&] { UpgradeWith(world, kGrowing, "a"); }), "57014"));
  EXPECT_EQ(world.History(), std::vector<std::string>{"upgrade a cancelled"});
}

TEST(MigratorGuardTest, FailingToFindThemOutIsNoFailure) {
  World world = TwoRevisions();
  world.fault = [failed = false](int, const std::string& event) mutable -> const char* {
    if (event == "run create t" && !failed) return (failed = true) ? kLockTimeout : nullptr;
    return event == "blockers" ? "42501" : nullptr;
  };
  EXPECT_EQ(UpgradeWith(world, kGrowing, "a"), 1);
}

TEST(MigratorRetryTest, TimeOfEarlierStatementsDoesNotCount) {
  World world = WithIndex();
  world.committed.heads = {"a"};
  world.takes["top index i, lock timeout 0"] = 3'600'000;
  world.fault = FailOn("top alter t, lock timeout 50", kLockTimeout, 3);
  EXPECT_EQ(ErrorOf([&] { Upgrade(world, "b"); }), "");
  EXPECT_EQ(Join(world.committed.heads), "b");
}

TEST(MigratorRetryTest, TriesOfEarlierStatementsDoNotCount) {
  World world = WithIndex();
  world.committed.heads = {"a"};
  const testing::Fault first = FailOn("top vacuum t, lock timeout 50", kLockTimeout, 2);
  const testing::Fault second = FailOn("top alter t, lock timeout 50", kLockTimeout, 1'000);
  world.fault = [=](int call, const std::string& event) {
    const char* sqlstate = first(call, event);
    return sqlstate != nullptr ? sqlstate : second(call, event);
  };
  EXPECT_TRUE(StartsWith(ErrorOf([&] { Upgrade(world, "b"); }),
                         "55P03 the upgrade of revision b did not get its locks in 11 tries within 10 s"));
  EXPECT_EQ(world.committed.history.at(1).lock_tries, 13) << "the row counts all of them";
}

TEST(MigratorTest, APositionThatNoRunHasWrittenIsNotFollowed) {
  for (const std::int64_t done : {std::int64_t{-1}, std::int64_t{5}, std::int64_t{6}, INT64_MAX, INT64_MIN}) {
    World world = WithIndex();
    world.committed.heads = {"a"};
    world.committed.progress["upgrade of b"] = {world.revisions["b"].upgrade, done};
    EXPECT_TRUE(StartsWith(ErrorOf([&] { Upgrade(world, "b"); }),
                           "MG015 headway.unfinished does not fit the upgrade of revision b"));
    EXPECT_EQ(Join(world.committed.heads), "a");
    EXPECT_EQ(Join(world.committed.effects), "");
  }
}

TEST(MigratorRetryTest, OneStatementIsTriedAgainByItself) {
  World world = WithIndex();
  world.committed.heads = {"a"};
  world.fault = FailOn("top index i, lock timeout 0", kDeadlock);
  EXPECT_EQ(Upgrade(world, "b"), 1);
  const std::string trace = world.TakeTrace();
  const std::string attempt = "drop invalid i\ntop index i, lock timeout 0\n";
  EXPECT_NE(
      trace.find(attempt + "rollback\nbegin\nblockers\ncommit\nsleep 1000\n" + attempt + "save progress 2\ncommit\n"),
      std::string::npos)
      << trace;
  EXPECT_EQ(world.committed.history.at(1).lock_tries, 2);
}

TEST(MigratorRetryTest, ACancelDuringThePauseEndsIt) {
  World world = TwoRevisions();
  world.fault = [](int, const std::string& event) {
    return event == "run alter t" ? kLockTimeout : Begins(event, "sleep") ? kCancel : nullptr;
  };
  EXPECT_TRUE(StartsWith(ErrorOf([&] { Upgrade(world, "a"); }), "57014"));
  const std::string trace = world.TakeTrace();
  EXPECT_EQ(trace.substr(trace.find("sleep")), "sleep 1000\nbegin\nrecord upgrade a cancelled\ncommit\n");
}

TEST(MigratorRetryTest, ACancelWhileTheFailureIsRecordedDoesNotLoseIt) {
  for (int cancels : {1, 2, 3}) {
    World world = TwoRevisions();
    const testing::Fault script = FailOn("run alter t", kCancel);
    const testing::Fault record = FailOn("record upgrade a cancelled", kCancel, cancels);
    world.fault = [=](int call, const std::string& event) {
      const char* sqlstate = script(call, event);
      return sqlstate != nullptr ? sqlstate : record(call, event);
    };
    EXPECT_TRUE(StartsWith(ErrorOf([&] { Upgrade(world, "a"); }), "57014"));
    EXPECT_EQ(world.History(),
              cancels < 3 ? std::vector<std::string>{"upgrade a cancelled"} : std::vector<std::string>())
        << "who insists is let out";
  }
}

TEST(MigratorRetryTest, ACancelWhileSayingSoIsRecordedToo) {
  World world = TwoRevisions();
  bool waiting = false;
  world.fault = [&](int, const std::string& event) -> const char* {
    if (event == "run alter t") return (waiting = true) ? kLockTimeout : nullptr;
    if (event != "notice") return nullptr;
    return std::exchange(waiting, false) ? kCancel : nullptr;
  };
  EXPECT_TRUE(StartsWith(ErrorOf([&] { Upgrade(world, "a"); }), "57014"));
  EXPECT_EQ(world.History(), std::vector<std::string>{"upgrade a cancelled"});
}

TEST(MigratorRetryTest, TheCallersTransactionRetriesBySavepoint) {
  World world = TwoRevisions();
  world.fault = FailOn("run update t", kLockTimeout);
  EXPECT_EQ(RunThrough(world, Door::kCaller, "head"), 2);
  EXPECT_EQ(Join(world.committed.effects), "create t alter t update t");
}

TEST(MigratorRetryTest, StepsInTheCallersTransactionShareASavepoint) {
  World world = TwoRevisions();
  EXPECT_EQ(RunThrough(world, Door::kCaller, "head"), 2);
  const std::string trace = world.TakeTrace();
  EXPECT_EQ(trace.find("commit", trace.find("enter upgrade of revision a")),
            trace.find("commit", trace.find("enter upgrade of revision b")))
      << trace;
}

TEST(MigratorRetryTest, AfterALockTheStepsOfASavepointAreTakenOneByOneAndSaidOnce) {
  World world = TwoRevisions();
  world.fault = FailOn("run update t", kLockTimeout);
  EXPECT_EQ(RunThrough(world, Door::kCaller, "head"), 2);
  EXPECT_EQ(world.said,
            (std::vector<std::string>{"the promise / the reason", "Running upgrade  -> a", "Running upgrade a -> b"}));
  EXPECT_EQ(world.History(), (std::vector<std::string>{"upgrade a done", "upgrade b done"}));
  const std::string trace = world.TakeTrace();
  EXPECT_NE(trace.find("record upgrade a done\nlock space\ncommit\nenter upgrade of revision b"), std::string::npos)
      << trace;
}

// ---- history of failures --------------------------------------------------------------------------------------

TEST(MigratorFailureTest, FailingToRecordItDoesNotHideWhatHappened) {
  World world = TwoRevisions();
  world.fault = [](int, const std::string& event) {
    return event == "run alter t" ? kBroken : event == "record upgrade a failed" ? "42501" : nullptr;
  };
  EXPECT_EQ(ErrorOf([&] { Upgrade(world); }), "XX001 injected at run alter t");
  const std::string trace = world.TakeTrace();
  EXPECT_EQ(trace.substr(trace.find("run alter t")),
            "run alter t\nrollback\nbegin\nrecord upgrade a failed\nrollback\n");
  EXPECT_TRUE(world.History().empty());
}

TEST(MigratorFailureTest, TheCallersTransactionRecordsNone) {
  World world = TwoRevisions();
  world.fault = FailOn("run update t", kBroken);
  EXPECT_EQ(ErrorOf([&] { RunThrough(world, Door::kCaller, "head"); }), "XX001 injected at run update t");
  const std::string trace = world.TakeTrace();
  EXPECT_EQ(trace.substr(trace.find("run update t")), "run update t\nrollback\n");
}

TEST(MigratorFailureTest, WhoWasInTheWayIsKept) {
  World world = TwoRevisions();
  world.fault = [](int, const std::string& event) -> const char* {
    if (event != "run alter t") return nullptr;
    throw core::Error(kDeadlock, "deadlock detected", "Process 1 waits for process 2.");
  };
  const std::string error = ErrorOf([&] { Upgrade(world, "a"); });
  EXPECT_NE(error.find(" / deadlock detected (statement 2, line 2 of the upgrade of revision a)\n"
                       "Process 1 waits for process 2. / "),
            std::string::npos)
      << error;
}

TEST(MigratorFailureTest, NoEmptyParenthesesWithoutAStatement) {
  World world = TwoRevisions();
  world.fault = FailOn("parse upgrade of revision a", kLockTimeout, 1'000);
  const std::string error = ErrorOf([&] { Upgrade(world, "a"); });
  EXPECT_NE(error.find("within 10 s / injected at parse upgrade of revision a / "), std::string::npos) << error;
}

TEST(MigratorFailureTest, WhatWasAppliedBeforeStays) {
  World world = TwoRevisions();
  world.fault = FailOn("run update t", kBroken);
  ErrorOf([&] { Upgrade(world); });
  EXPECT_EQ(Join(world.committed.heads), "a");
  EXPECT_EQ(world.History(), (std::vector<std::string>{"upgrade a done", "upgrade b failed"}));
}

TEST(MigratorFailureTest, AFullLockTableUndoesTheStep) {
  World world = TwoRevisions();
  world.fault = FailOn("lock space", "53400");
  EXPECT_TRUE(StartsWith(ErrorOf([&] { RunThrough(world, Door::kCaller, "head"); }), "53400"));
  EXPECT_FALSE(world.unit_is_open);
  EXPECT_EQ(Join(world.committed.effects), "");
}

TEST(MigratorFailureTest, AnOldContextIsKept) {
  World world = TwoRevisions();
  FakePorts fakes(world, true);
  world.fault = [](int, const std::string& event) -> const char* {
    if (event != "run alter t") return nullptr;
    core::Error error("22012", "division by zero");
    error.report().context = "function f()";
    throw core::Error(error);
  };
  try {
    Migrator(fakes.ports(), kPolicy).Run(Direction::kUpgrade, "head");
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.report().context, "function f()\nstatement 2, line 2 of the upgrade of revision a");
  }
}

// ---- refused before anything runs -----------------------------------------------------------------------------

void ExpectRefused(World world, Door door, Direction direction, const std::string& target, const std::string& error) {
  const testing::Tables before = world.committed;
  EXPECT_TRUE(StartsWith(ErrorOf([&] { RunThrough(world, door, target, direction); }), error));
  const std::string trace = world.TakeTrace();
  for (const char* word : {"enter", "run ", "top ", "record", "heads -", "save"}) {
    EXPECT_EQ(trace.find(word), std::string::npos) << word << " in\n" << trace;
  }
  EXPECT_FALSE(world.unit_is_open);
  EXPECT_EQ(world.committed.heads, before.heads);
}

TEST(MigratorPlanCheckTest, Irreversible) {
  World world = TwoRevisions();
  world.revisions["a"].downgrade.reset();
  world.committed.heads = {"b"};
  ExpectRefused(world, Door::kWorker, Direction::kDowngrade, "base", "MG010 revision a cannot be downgraded");
  EXPECT_EQ(RunThrough(world, Door::kWorker, "a", Direction::kDowngrade), 1) << "what lies above it can be";
}

TEST(MigratorPlanCheckTest, Untrusted) {
  World world = TwoRevisions();
  world.revisions["b"].role_at_risk = "postgres";
  ExpectRefused(world, Door::kWorker, Direction::kUpgrade, "head",
                "42501 revision b was registered by a role without your privileges / It was registered by \"mallory\"");
  EXPECT_EQ(Upgrade(world, "a"), 1);
}

TEST(MigratorPlanCheckTest, NotInTheCallersTransaction) {
  World world = WithIndex();
  ExpectRefused(world, Door::kCaller, Direction::kUpgrade, "head",
                "25001 the upgrade of revision b cannot run inside a transaction");
  world.committed.heads = {"b"};
  ExpectRefused(world, Door::kCaller, Direction::kDowngrade, "base",
                "25001 the downgrade of revision b cannot run inside a transaction");
  world.committed.heads = {};
  EXPECT_EQ(RunThrough(world, Door::kCaller, "a"), 1);
}

TEST(MigratorPlanCheckTest, EnumValueOfAnEarlierRevisionInTheSameTransaction) {
  World world;
  world.Add("a", "value new");
  world.Add("b <- a", "create t");
  world.Add("c <- b", "insert 'new'::mood");
  ExpectRefused(world, Door::kCaller, Direction::kUpgrade, "head",
                "25001 revision c uses the enum value 'new' that revision a adds in the same transaction");
  EXPECT_EQ(RunThrough(world, Door::kCaller, "b"), 2);
  EXPECT_EQ(RunThrough(world, Door::kCaller, "head"), 1) << "it is committed now";
  world.committed = {};
  EXPECT_EQ(Upgrade(world), 3) << "a worker commits each revision";
}

TEST(MigratorPlanCheckTest, UnknownTarget) {
  ExpectRefused(TwoRevisions(), Door::kWorker, Direction::kUpgrade, "nosuch", "MG003");
}

// ---- the runner lock ------------------------------------------------------------------------------------------

TEST(MigratorLockTest, TheWorkerWaitsWithNothingOpen) {
  World world = TwoRevisions();
  world.busy_tries = 12;
  EXPECT_EQ(Upgrade(world), 2);
  EXPECT_TRUE(StartsWith(world.TakeTrace(),
                         "begin\nlock\ndescribe holder\ncommit\nsleep 100\n"
                         "begin\nlock\ndescribe holder\ncommit\nsleep 100\n"));
  EXPECT_EQ(world.said.front(), "waiting for another migration run to end / the holder");
  EXPECT_EQ(std::count(world.said.begin(), world.said.end(), world.said.front()), 1);
}

TEST(MigratorLockTest, PlansAfterItHasTheLock) {
  World world = TwoRevisions();
  world.busy_tries = 1;
  world.fault = [&](int, const std::string& event) -> const char* {
    if (Begins(event, "sleep")) world.committed.heads = {"b"};  // the other run
    return nullptr;
  };
  EXPECT_EQ(Upgrade(world), 0);
}

TEST(MigratorLockTest, NotForEver) {
  World world = TwoRevisions();
  world.busy_tries = 1'000;
  ExpectRefused(world, Door::kWorker, Direction::kUpgrade, "head",
                "55P03 another migration run is in progress in this database / the holder / Wait for it to end, or");
  EXPECT_TRUE(StartsWith(ErrorOf([&] { Upgrade(world); }), "55P03"));
  EXPECT_EQ(world.now_ms, 1'000'000 + kPolicy.lock_retry_ms);
}

TEST(MigratorLockTest, TheCallersTransactionDoesNotWait) {
  World world = TwoRevisions();
  world.busy_tries = 1;
  EXPECT_TRUE(StartsWith(ErrorOf([&] { RunThrough(world, Door::kCaller, "head"); }), "55P03 another migration run"));
  EXPECT_EQ(world.TakeTrace(), "begin\nlock\ndescribe holder\ncommit\n");
}

// ---- stamp ----------------------------------------------------------------------------------------------------

TEST(MigratorStampTest, HeadsAndHistoryInOneUnit) {
  World world = TwoRevisions();
  FakePorts fakes(world, false);
  Migrator migrator(fakes.ports(), kPolicy);
  EXPECT_EQ(migrator.Stamp("b", false), 1);
  EXPECT_EQ(world.TakeTrace(),
            "begin\nlock\ncommit\n"
            "begin\nload revisions\nload heads\nheads - +b\nrecord stamp b done\ncommit\n");
  EXPECT_EQ(migrator.Stamp("a", false), 2);
  EXPECT_EQ(migrator.Stamp("base", false), 1);
  EXPECT_EQ(migrator.Stamp("base", false), 0);
  EXPECT_EQ(world.History(), (std::vector<std::string>{"stamp b done", "stamp a done", "stamp a done"}));
}

TEST(MigratorStampTest, PurgeTakesRowsThatNameNothing) {
  World world = TwoRevisions();
  world.committed.heads = {"nosuch"};
  FakePorts fakes(world, false);
  Migrator migrator(fakes.ports(), kPolicy);
  EXPECT_TRUE(StartsWith(ErrorOf([&] { migrator.Stamp("a", false); }), "MG003"));
  EXPECT_FALSE(world.unit_is_open);
  EXPECT_EQ(migrator.Stamp("a", true), 2);
  EXPECT_EQ(Join(world.committed.heads), "a");
}

// ---- a failure at every call of a port in turn ----------------------------------------------------------------

struct Scenario {
  const char* name;
  World (*make)();
  Door door;
  Direction direction;
  const char* heads;  // before
  const char* target;
  std::vector<std::string> order;  // of the plan
};

World WithIndexAndBackfill() {
  World world = WithIndex();
  world.Add("d <- c", "set z;backfill t;alter t", "");
  return world;
}

const std::vector<Scenario>& Scenarios() {
  static const std::vector<Scenario> scenarios = {
      {"transactional", TwoRevisions, Door::kWorker, Direction::kUpgrade, "", "head", {"a", "b"}},
      {"caller", TwoRevisions, Door::kCaller, Direction::kUpgrade, "", "head", {"a", "b"}},
      {"mixed", WithIndexAndBackfill, Door::kWorker, Direction::kUpgrade, "", "head", {"a", "b", "c", "d"}},
      {"down", WithIndexAndBackfill, Door::kWorker, Direction::kDowngrade, "d", "base", {"d", "c", "b", "a"}},
  };
  return scenarios;
}

World Make(const Scenario& scenario) {
  World world = scenario.make();
  if (*scenario.heads != '\0') world.committed.heads = {scenario.heads};
  return world;
}

std::string RunScenario(World& world, const Scenario& scenario) {
  return ErrorOf([&] { RunThrough(world, scenario.door, scenario.target, scenario.direction); });
}

bool IsApplied(const World& world, const std::string& revision) {
  return !world.committed.heads.empty() && *world.committed.heads.begin() >= revision;  // a chain of letters
}

// The statements that the heads and the saved positions say have run.
std::string ExpectedEffects(const World& world, const Scenario& scenario) {
  std::vector<std::string> effects;
  const bool up = scenario.direction == Direction::kUpgrade;
  for (const std::string& revision : scenario.order) {
    const testing::FakeRevision& fake = world.revisions.at(revision);
    const core::Script script = testing::ParseScript(up ? fake.upgrade : fake.downgrade.value());
    std::size_t done = IsApplied(world, revision) == up ? script.statements.size() : 0;
    const auto progress = world.committed.progress.find(testing::FakeStore::Key(revision, scenario.direction));
    if (progress != world.committed.progress.end()) {
      EXPECT_EQ(done, 0u) << revision << " is done and unfinished";
      done = static_cast<std::size_t>(progress->second.statements_done);
    }
    for (std::size_t i = 0; i < done; ++i) {
      if (!script.statements[i].session_setting) effects.push_back(script.statements[i].text);
    }
  }
  return Join(effects);
}

// Without the settings, and without a backfill whose own commits are ahead of the saved position.
std::string ActualEffects(const World& world, const std::string& expected) {
  std::vector<std::string> effects;
  for (const std::string& effect : world.committed.effects) effects.push_back(effect.substr(0, effect.find('[')));
  if (!effects.empty() && Begins(effects.back(), "backfill") && expected.find("backfill") == std::string::npos) {
    effects.pop_back();
  }
  return Join(effects);
}

void ExpectAgreement(const World& world, const Scenario& scenario) {
  EXPECT_FALSE(world.unit_is_open);
  EXPECT_LE(world.committed.heads.size(), 1u);
  const std::string expected = ExpectedEffects(world, scenario);
  EXPECT_EQ(ActualEffects(world, expected), expected);
  for (const auto& [id, entry] : world.committed.history) {
    const bool up = entry.direction == "upgrade";
    if (entry.result != "done") continue;
    EXPECT_EQ(IsApplied(world, entry.revision), up) << entry.revision;
  }
}

std::size_t Count(const std::vector<std::string>& rows, const std::string& ending) {
  return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [&](const std::string& row) {
    return row.size() >= ending.size() && row.compare(row.size() - ending.size(), ending.size(), ending) == 0;
  }));
}

class MigratorFaultTest : public ::testing::TestWithParam<Scenario> {};

// Runs the scenario with each fault, and once more without: the end is always that of an undisturbed run.
void ExpectSoundUnder(const Scenario& scenario, const std::function<testing::Fault(int)>& fault, const char* sqlstate,
                      bool always_fails) {
  World undisturbed = Make(scenario);
  ASSERT_EQ(RunScenario(undisturbed, scenario), "");
  ExpectAgreement(undisturbed, scenario);
  const int calls = undisturbed.calls;
  for (int n = 0; n < calls; ++n) {
    SCOPED_TRACE("call " + std::to_string(n));
    World world = Make(scenario);
    world.fault = fault(n);
    const std::string error = RunScenario(world, scenario);
    EXPECT_TRUE(error.empty() ? !always_fails : StartsWith(error, sqlstate)) << error << "\n" << world.TakeTrace();
    ExpectAgreement(world, scenario);
    world.fault = nullptr;
    EXPECT_EQ(RunScenario(world, scenario), "");
    ExpectAgreement(world, scenario);
    EXPECT_EQ(world.committed.heads, undisturbed.committed.heads);
    EXPECT_EQ(world.committed.effects, undisturbed.committed.effects) << "the same statements under the same settings";
    EXPECT_TRUE(world.committed.progress.empty());
    EXPECT_TRUE(world.committed.settings.empty()) << "of the last session";
    EXPECT_EQ(Count(world.History(), " done"), scenario.order.size());
    EXPECT_EQ(Count(world.History(), " running"), 0u);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST_P(MigratorFaultTest, OneFailureAtEachCall) {
  for (const char* sqlstate : {kBroken, kCancel}) {
    SCOPED_TRACE(sqlstate);
    ExpectSoundUnder(
        GetParam(), [=](int n) { return FailNth(n, sqlstate); }, sqlstate, true);
  }
}

TEST_P(MigratorFaultTest, OneLockTimeoutOrDeadlockAtEachCall) {
  for (const char* sqlstate : {kLockTimeout, kDeadlock}) {
    SCOPED_TRACE(sqlstate);
    ExpectSoundUnder(
        GetParam(), [=](int n) { return FailNth(n, sqlstate); }, sqlstate, false);
  }
}

TEST_P(MigratorFaultTest, EverythingFailsFromEachCallOn) {
  for (const char* sqlstate : {kBroken, kLockTimeout}) {
    SCOPED_TRACE(sqlstate);
    ExpectSoundUnder(
        GetParam(), [=](int n) { return FailFrom(n, sqlstate); }, sqlstate, true);
  }
}

// A failure while an earlier one is being waited out or recorded.
TEST_P(MigratorFaultTest, TwoFailures) {
  World undisturbed = Make(GetParam());
  RunScenario(undisturbed, GetParam());
  for (int first = 0; first < undisturbed.calls; ++first) {
    for (const int gap : {1, 2, 3, 4, 5, 6}) {
      SCOPED_TRACE("calls " + std::to_string(first) + " and " + std::to_string(first + gap));
      World world = Make(GetParam());
      world.fault = [=](int call, const std::string&) {
        return call == first ? kLockTimeout : call == first + gap ? kBroken : nullptr;
      };
      RunScenario(world, GetParam());
      ExpectAgreement(world, GetParam());
      world.fault = nullptr;
      EXPECT_EQ(RunScenario(world, GetParam()), "");
      EXPECT_EQ(world.committed.effects, undisturbed.committed.effects);
      if (HasFailure()) return;
    }
  }
}

// Every failure of a step is in the history, save when writing it fails.
TEST_P(MigratorFaultTest, FailuresOfAStepAreRecorded) {
  if (GetParam().door == Door::kCaller) return;
  World undisturbed = Make(GetParam());
  RunScenario(undisturbed, GetParam());
  for (int n = 0; n < undisturbed.calls; ++n) {
    World world = Make(GetParam());
    bool in_script = false;
    world.fault = [&](int call, const std::string& event) {
      const bool fails = call == n && (Begins(event, "run ") || Begins(event, "top "));
      in_script = in_script || fails;
      return fails ? kBroken : nullptr;
    };
    RunScenario(world, GetParam());
    EXPECT_EQ(Count(world.History(), " failed"), in_script ? 1u : 0u) << "call " << n;
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, MigratorFaultTest, ::testing::ValuesIn(Scenarios()),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace headway::engine
