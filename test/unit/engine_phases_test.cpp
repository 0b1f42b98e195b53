#include "engine/phases.hpp"

#include "fakes.hpp"

namespace headway::engine {
namespace {

using testing::FailNth;
using testing::FailOn;
using testing::FakePorts;
using testing::Join;
using testing::ParseStatement;
using testing::World;

constexpr char kLockTimeout[] = "55P03";
constexpr char kCancel[] = "57014";
constexpr char kBroken[] = "23502";

// A phase is done when its effect is there, as a look at the catalogs would tell.
Phase PhaseOf(World& world, const std::string& text) {
  Phase phase;
  phase.title = text + " it";
  phase.next = [&world, text]() -> std::optional<PhaseWork> {
    world.RequireUnit(true, "next");
    const std::vector<std::string>& effects = world.open_unit.effects;
    if (std::find(effects.begin(), effects.end(), text) != effects.end()) return std::nullopt;
    return std::vector<core::Statement>{ParseStatement(text, 1)};
  };
  return phase;
}

PhasedOperation Operation(World& world) {
  return {"safe_thing of public.t",
          "public.t",
          {PhaseOf(world, "check"), PhaseOf(world, "index i"), PhaseOf(world, "attach")}};
}

int Operate(World& world, const PhasedOperation& operation) {
  FakePorts ports(world, true);
  PhaseRunner runner(ports.session, ports.clock, ports.reporter, {});
  return runner.Run(operation);
}

int Operate(World& world) { return Operate(world, Operation(world)); }

core::ErrorReport Failure(World& world, const PhasedOperation& operation) {
  try {
    Operate(world, operation);
  } catch (const core::Error& error) {
    return error.report();
  }
  ADD_FAILURE() << "it did not fail";
  return {};
}

core::ErrorReport Failure(World& world) { return Failure(world, Operation(world)); }

TEST(Phases, EachHasItsOwnTransactions) {
  World world;
  EXPECT_EQ(Operate(world), 3);
  EXPECT_EQ(Join(world.committed.effects), "check index i attach");
  EXPECT_EQ(world.committed.valid_indexes.count("i"), 1U);
  EXPECT_FALSE(world.unit_is_open);
  EXPECT_EQ(world.said.size(), 3U);
  EXPECT_NE(world.said.at(1).find("phase 2 of 3: index i it"), std::string::npos) << world.said.at(1);
}

TEST(Phases, ASecondCallHasNothingToDo) {
  World world;
  Operate(world);
  world.said.clear();
  world.TakeTrace();
  EXPECT_EQ(Operate(world), 0);
  EXPECT_EQ(world.said.size(), 1U);
  EXPECT_NE(world.said.at(0).find("nothing to do: safe_thing of public.t is already done"), std::string::npos);
  EXPECT_EQ(world.TakeTrace().find("run "), std::string::npos);
}

TEST(Phases, NothingToDoHasItsOwnWords) {
  World world;
  PhasedOperation operation;
  operation.nothing_to_do = "there is not an index i";
  EXPECT_EQ(Operate(world, operation), 0);
  EXPECT_NE(world.said.at(0).find("nothing to do: there is not an index i"), std::string::npos) << world.said.at(0);
}

TEST(Phases, LocksAreTakenBeforeItIsAskedWhatIsToBeDone) {
  World world;
  PhasedOperation operation = Operation(world);
  operation.phases.resize(1);
  Phase& phase = operation.phases.front();
  bool locked = false;
  phase.next = [&world, &locked, next = phase.next] {
    locked = world.TakeTrace().find("run lock") != std::string::npos;
    return next();
  };
  phase.locks = [&world] {
    world.RequireUnit(true, "locks");
    return std::vector<core::Statement>{ParseStatement("lock", 1)};
  };
  world.fault = FailOn("run check", kLockTimeout);  // the first time
  EXPECT_EQ(Operate(world, operation), 1);
  EXPECT_TRUE(locked);
  // Both in one transaction, and both again when it is tried again.
  EXPECT_EQ(Join(world.committed.effects), "lock check lock");
}

TEST(Phases, AnErrorNamesItsPhaseAndKeepsThoseBefore) {
  World world;
  world.fault = FailOn("run attach", kBroken);
  const core::ErrorReport error = Failure(world);
  EXPECT_EQ(error.sqlstate, kBroken);
  EXPECT_EQ(error.context, "phase 3 of 3 of safe_thing of public.t: attach it");
  EXPECT_EQ(Join(world.committed.effects), "check index i");
  EXPECT_EQ(Operate(world), 1);
  EXPECT_EQ(Join(world.committed.effects), "check index i attach");
}

TEST(Phases, OnlyLocksAreTriedAgain) {
  World world;
  world.fault = FailOn("run check", kLockTimeout, 2);
  EXPECT_EQ(Operate(world), 3);
  World other;
  other.fault = FailOn("run check", kCancel);
  EXPECT_EQ(Failure(other).sqlstate, kCancel);
}

TEST(Phases, ALockHeldTooLongIsSaidSo) {
  World world;
  world.held_too_long = "held.";
  world.fault = FailOn("run check", kCancel);
  EXPECT_EQ(Failure(world).sqlstate, core::sqlstate::kLockHeldTooLong);
}

TEST(Phases, DataInTheWayGetsThePhasesOwnHint) {
  World world;
  PhasedOperation operation = Operation(world);
  operation.phases[0].hint = "Correct the rows.";
  world.fault = FailOn("run check", kBroken);
  EXPECT_EQ(Failure(world, operation).hint, "Correct the rows.");
  World other;
  other.fault = FailOn("run check", kCancel);
  operation = Operation(other);
  operation.phases[0].hint = "Correct the rows.";
  EXPECT_EQ(Failure(other, operation).hint, "");
}

// A phase may have several statements: one for each partition, say.
TEST(Phases, APhaseIsAskedUntilItHasNothingLeft) {
  World world;
  std::vector<std::string> left = {"second", "first"};
  Phase phase;
  phase.title = "all";
  phase.next = [&]() -> std::optional<PhaseWork> {
    if (left.empty()) return std::nullopt;
    const std::string text = left.back();
    left.pop_back();
    return std::vector<core::Statement>{ParseStatement(text, 1)};
  };
  EXPECT_EQ(Operate(world, {"o", "t", {phase}}), 1);
  EXPECT_EQ(Join(world.committed.effects), "first second");
  EXPECT_EQ(world.said.size(), 1U);
}

// One transaction, in which the later ones hold the locks of the earlier.
TEST(Phases, StatementsTogetherAreKeptOrUndoneTogether) {
  for (const char* fault : {"", "run swap"}) {
    World world;
    if (*fault != '\0') world.fault = FailOn(fault, kBroken);
    bool done = false;
    Phase phase;
    phase.title = "exchange";
    phase.next = [&]() -> std::optional<PhaseWork> {
      if (std::exchange(done, true)) return std::nullopt;
      return std::vector<core::Statement>{ParseStatement("lock", 1), ParseStatement("swap", 2)};
    };
    const PhasedOperation operation = {"o", "t", {phase}};
    if (*fault == '\0') {
      EXPECT_EQ(Operate(world, operation), 1);
      EXPECT_EQ(Join(world.committed.effects), "lock swap");
    } else {
      EXPECT_EQ(Failure(world, operation).sqlstate, kBroken);
      EXPECT_EQ(Join(world.committed.effects), "");
    }
  }
}

TEST(Phases, AStatementWithoutEffectIsNotRunForEver) {
  World world;
  Phase phase;
  phase.title = "vain";
  phase.next = []() -> std::optional<PhaseWork> { return std::vector<core::Statement>{ParseStatement("vain", 1)}; };
  EXPECT_EQ(Failure(world, {"o", "t", {phase}}).sqlstate, core::sqlstate::kObjectNotInPrerequisiteState);
  phase.without_effect = "Update the server.";
  EXPECT_EQ(Failure(world, {"o", "t", {phase}}).hint, "Update the server.");
}

TEST(Phases, WorkOfItsOwnIsDoneOnceAndOutsideOfUnits) {
  World world;
  int done = 0;
  Phase phase;
  phase.title = "fill";
  phase.next = [&]() -> std::optional<PhaseWork> {
    return std::function<void()>([&] {
      world.RequireUnit(false, "fill");
      ++done;
    });
  };
  EXPECT_EQ(Operate(world, {"o", "t", {phase}}), 1);
  EXPECT_EQ(done, 1);
}

TEST(Phases, ARepairedPhaseIsTriedAgain) {
  World world;
  world.fault = FailOn("run check", kBroken, 1);
  PhasedOperation operation = Operation(world);
  int repairs = 0;
  operation.phases[0].repair = [&](const core::ErrorReport& error) {
    world.RequireUnit(false, "repair");
    EXPECT_EQ(error.sqlstate, kBroken);
    return ++repairs == 1;
  };
  EXPECT_EQ(Operate(world, operation), 3);
  EXPECT_EQ(repairs, 1);
  World hopeless;
  hopeless.fault = FailOn("run check", kBroken);
  PhasedOperation other = Operation(hopeless);
  other.phases[0].repair = [](const core::ErrorReport&) { return false; };
  EXPECT_EQ(Failure(hopeless, other).sqlstate, kBroken);
}

// Before the error goes out, but only when the same call would meet it again: after a cancel it goes on instead.
TEST(Phases, WhatOthersWouldMeetIsTakenBack) {
  for (const char* sqlstate : {"22001", "23502", "42883", "57014"}) {
    World world;
    PhasedOperation operation = Operation(world);
    operation.phases[2].hint = "Nothing is left.";
    operation.phases[2].give_up = PhaseOf(world, "undo").next;
    world.fault = FailOn("run attach", sqlstate);
    const core::ErrorReport error = Failure(world, operation);
    EXPECT_EQ(error.sqlstate, sqlstate);
    const bool taken_back = std::string(sqlstate) != "57014";
    EXPECT_EQ(Join(world.committed.effects), taken_back ? "check index i undo" : "check index i");
    EXPECT_EQ(error.hint, taken_back ? "Nothing is left." : "");
  }
}

// Whatever call fails, the same call again ends as an uninterrupted one does.
TEST(Phases, StoppedAnywhereItGoesOn) {
  World whole;
  Operate(whole);
  for (int stop = 0; stop < whole.calls; ++stop) {
    World world;
    world.fault = FailNth(stop, kBroken);
    try {
      Operate(world);
      ADD_FAILURE() << "call " << stop << " did not fail";
    } catch (const core::Error&) {
      world.fault = nullptr;
    }
    EXPECT_FALSE(world.unit_is_open);
    Operate(world);
    EXPECT_EQ(world.committed.effects, whole.committed.effects) << "stopped at call " << stop;
    EXPECT_EQ(world.committed.valid_indexes, whole.committed.valid_indexes);
    EXPECT_TRUE(world.invalid_indexes.empty() || world.committed.valid_indexes == world.invalid_indexes);
  }
}

}  // namespace
}  // namespace headway::engine
