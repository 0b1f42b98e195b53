#include "core/replica_lag.hpp"

#include <gtest/gtest.h>

namespace headway::core {
namespace {

// A look every 100 ms for so long; the position is the time.
FlushHistory Looked(std::int64_t for_ms) {
  FlushHistory history;
  for (std::int64_t now = 0; now <= for_ms; now += 100) history.Add(now, static_cast<std::uint64_t>(now));
  return history;
}

TEST(ReplicaLagTest, TheAgeOfWhatItHas) {
  const FlushHistory history = Looked(10'000);
  EXPECT_EQ(history.LagOf(10'000, 10'000), 0);
  EXPECT_EQ(history.LagOf(9'900, 10'000), 100);
  EXPECT_EQ(history.LagOf(9'899, 10'000), 200) << "counted from the look before";
  EXPECT_EQ(history.LagOf(4'000, 10'000), 6'000);
  EXPECT_EQ(history.LagOf(4'000, 12'000), 8'000) << "time goes on";
}

TEST(ReplicaLagTest, AllOfItIsNoLag) {
  FlushHistory history = Looked(1'000);
  EXPECT_EQ(history.LagOf(1'000, 50'000), 0) << "nothing was written since";
  EXPECT_EQ(history.LagOf(2'000, 1'000), 0) << "flushed after our look";
  EXPECT_EQ(history.LagOf(1'000, 1'000, 12'000), 0) << "what the server measured last is over";
}

TEST(ReplicaLagTest, QuietTimesDoNotCount) {
  FlushHistory history;
  history.Add(0, 100);
  history.Add(60'000, 100);
  history.Add(60'100, 200);
  EXPECT_EQ(history.LagOf(100, 60'200), 200) << "until 60,000 it had everything";
}

TEST(ReplicaLagTest, BeforeTheFirstLook) {
  FlushHistory history;
  history.Add(1'000, 500);
  history.Add(2'000, 500);
  EXPECT_EQ(history.LagOf(400, 2'000), 1'000);
  EXPECT_EQ(history.LagOf(0, 2'000), 1'000);
}

TEST(ReplicaLagTest, WhatTheServerMeasuredIsTheLeast) {
  const FlushHistory history = Looked(10'000);
  EXPECT_EQ(history.LagOf(9'000, 10'000, 3'000), 3'000);
  EXPECT_EQ(history.LagOf(9'000, 10'000, 300), 1'000);
  EXPECT_EQ(history.LagOf(9'000, 10'000, -1), 1'000) << "unknown";
}

TEST(ReplicaLagTest, BoundedAndStillExactEnough) {
  constexpr std::int64_t kHour = 3'600'000;
  const FlushHistory history = Looked(3 * kHour);
  EXPECT_LE(history.size(), 2'048U);
  const std::int64_t now = 3 * kHour;
  for (std::int64_t age = 100; age < now; age += age / 7 + 50) {
    const std::int64_t lag = history.LagOf(static_cast<std::uint64_t>(now - age), now);
    EXPECT_GE(lag, age);
    EXPECT_LE(lag, age + age / 50 + 300) << age;
  }
}

TEST(ReplicaLagTest, AYearInBoundedMemory) {
  FlushHistory history;
  std::int64_t now = 0;
  for (int i = 0; i < 300'000; ++i, now += 100'000) history.Add(now, static_cast<std::uint64_t>(now));
  EXPECT_LE(history.size(), 2'048U);
  EXPECT_EQ(history.LagOf(0, now), now);
}

TEST(ReplicaLagTest, LooksInQuickSuccessionAreOne) {
  FlushHistory history;
  for (std::int64_t now = 0; now < 10'000; ++now) history.Add(now, static_cast<std::uint64_t>(now));
  EXPECT_LE(history.size(), 220U);
  EXPECT_NEAR(static_cast<double>(history.LagOf(5'000, 10'000)), 5'000, 200);
}

TEST(ReplicaLagTest, AClockThatWasSetBack) {
  FlushHistory history = Looked(10'000);
  history.Add(2'000, 20'000);
  EXPECT_EQ(history.LagOf(10'000, 2'500), 500);
  EXPECT_EQ(history.LagOf(20'000, 2'500), 0);
  EXPECT_EQ(history.LagOf(10'000, 1'000), 0);
}

}  // namespace
}  // namespace headway::core
