#include "core/rate_meter.hpp"

#include <gtest/gtest.h>

namespace headway::core {
namespace {

TEST(RateMeterTest, NothingYet) {
  RateMeter meter;
  EXPECT_EQ(meter.PerSecond(0), 0);
  EXPECT_EQ(meter.PerSecond(1'000'000), 0);
}

TEST(RateMeterTest, TheFirstMomentsAreNotBlownUp) {
  RateMeter meter;
  meter.Add(5'000, 300);
  EXPECT_EQ(meter.PerSecond(5'010), 300);
}

TEST(RateMeterTest, ASteadyRate) {
  RateMeter meter;
  for (std::int64_t now = 0; now < 300'000; now += 100) meter.Add(now, 50);
  EXPECT_NEAR(static_cast<double>(meter.PerSecond(300'000)), 500, 10);
}

TEST(RateMeterTest, OnlyTheLastMinuteCounts) {
  RateMeter meter;
  meter.Add(0, 1'000'000);
  meter.Add(90'000, 600);
  EXPECT_EQ(meter.PerSecond(91'000), 600);
  EXPECT_EQ(meter.PerSecond(120'000), 20) << "it has stood still since";
  EXPECT_EQ(meter.PerSecond(200'000), 0);
}

}  // namespace
}  // namespace headway::core
