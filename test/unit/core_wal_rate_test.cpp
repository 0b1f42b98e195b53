#include "core/wal_rate.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "core/error.hpp"

namespace headway::core {
namespace {

constexpr std::int64_t kMB = 1024 * 1024;

TEST(WalRateTest, Parse) {
  EXPECT_EQ(ParseWalRate("20MB/s"), 20 * kMB);
  EXPECT_EQ(ParseWalRate("20 MB"), 20 * kMB);
  EXPECT_EQ(ParseWalRate(" 512kB / s "), 512 * 1024);
  EXPECT_EQ(ParseWalRate("1.5 GB/min"), 1536 * kMB / 60);
}

TEST(WalRateTest, WhatIsNoRate) {
  for (const char* text : {"", "fast", "20", "0MB/s", "-1MB/s", "20MB/", "20MB/h", "20MB/s/s", "59B/min"}) {
    try {
      (void)ParseWalRate(text);
      ADD_FAILURE() << text << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.report().sqlstate, "22023");
      EXPECT_EQ(error.report().message, std::string("invalid WAL rate: \"") + text + "\"");
      EXPECT_NE(error.report().hint.find("'20MB/s'"), std::string::npos);
    }
  }
}

TEST(WalRateTest, NoPauseWithinTheRate) {
  WalThrottle throttle(10 * kMB);
  std::uint64_t position = 1'000 * kMB;
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(throttle.Look(i * 100, position), 0) << i;
    position += kMB;
  }
  EXPECT_EQ(throttle.MeasuredRate(), 10 * kMB);
}

// Batches of 100 ms that write `written`, each followed by the pause asked for; the rate at the end of it.
double RateOf(std::int64_t rate, std::int64_t written, std::int64_t for_ms) {
  WalThrottle throttle(rate);
  std::int64_t now = 0;
  std::uint64_t position = 0;
  (void)throttle.Look(now, position);
  while (now < for_ms) {
    now += 100;
    position += static_cast<std::uint64_t>(written);
    now += throttle.Look(now, position);
  }
  return static_cast<double>(position) * 1000 / static_cast<double>(now) / static_cast<double>(rate);
}

TEST(WalRateTest, TheRateIsKept) {
  EXPECT_NEAR(RateOf(20 * kMB, 5 * kMB, 60'000), 1.0, 0.05);
  EXPECT_NEAR(RateOf(1 * kMB, 10 * kMB, 600'000), 1.0, 0.05) << "a batch writes what is allowed in ten seconds";
  EXPECT_NEAR(RateOf(64 * 1024, 3 * kMB, 3'600'000), 1.0, 0.05);
  EXPECT_LT(RateOf(1, kMB, 600'000), 1e6) << "a rate that nobody can mean";
}

TEST(WalRateTest, ASecondsWorthMayBeWrittenAhead) {
  WalThrottle throttle(10 * kMB);
  (void)throttle.Look(0, 0);
  EXPECT_EQ(throttle.Look(60'000, 0), 0);
  EXPECT_EQ(throttle.Look(60'000, 10 * kMB), 0);
  EXPECT_EQ(throttle.Look(60'000, 11 * kMB), 100) << "not a minute's";
}

TEST(WalRateTest, WhatOthersWriteIsNotPaidBackForLong) {
  WalThrottle throttle(10 * kMB);
  std::uint64_t position = 0;
  std::int64_t now = 0;
  for (; now < 600'000; now += 500) {  // an index build elsewhere, 200 MB/s for ten minutes
    const std::int64_t pause = throttle.Look(now, position);
    EXPECT_EQ(pause > 0, now > 0) << now;
    position += 100 * kMB;
  }
  const std::int64_t pause = throttle.Look(now, position);
  EXPECT_LE(pause, 10'000);
  EXPECT_EQ(throttle.Look(now + pause, position), 0) << "and then it goes on";
}

TEST(WalRateTest, ALongTimeWithoutALook) {
  WalThrottle throttle(10 * kMB);
  (void)throttle.Look(0, 0);
  EXPECT_EQ(throttle.Look(600'000, 100'000 * kMB), 60'000);
}

TEST(WalRateTest, ClocksAndPositionsThatGoBack) {
  WalThrottle throttle(10 * kMB);
  (void)throttle.Look(100'000, 1'000 * kMB);
  EXPECT_EQ(throttle.Look(50'000, 1'000 * kMB), 0);
  EXPECT_EQ(throttle.MeasuredRate(), 0);
  EXPECT_EQ(throttle.Look(50'100, 10 * kMB), 0);
  EXPECT_EQ(throttle.MeasuredRate(), 0);
  EXPECT_EQ(throttle.Look(50'200, 11 * kMB), 0);
  EXPECT_GE(throttle.Look(50'300, std::numeric_limits<std::uint64_t>::max()), 59'000);
}

}  // namespace
}  // namespace headway::core
