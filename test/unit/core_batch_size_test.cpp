#include "core/batch_size.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace headway::core {
namespace {

constexpr BatchLimits kLimits = {100, 50'000, 100};
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

TEST(BatchSizeTest, MovesTowardsTheTargetTime) {
  EXPECT_EQ(NextBatchSize(1'000, 100, kLimits), 1'000);
  EXPECT_EQ(NextBatchSize(1'000, 80, kLimits), 1'250);
  EXPECT_EQ(NextBatchSize(1'000, 200, kLimits), 500);
}

TEST(BatchSizeTest, AtMostDoublesAndAtMostQuarters) {
  EXPECT_EQ(NextBatchSize(1'000, 1, kLimits), 2'000);
  EXPECT_EQ(NextBatchSize(1'000, 0, kLimits), 2'000) << "faster than the clock";
  EXPECT_EQ(NextBatchSize(1'000, -5, kLimits), 2'000) << "the clock was set back";
  EXPECT_EQ(NextBatchSize(1'000, 60'000, kLimits), 250);
}

TEST(BatchSizeTest, StaysWithinTheLimits) {
  EXPECT_EQ(NextBatchSize(40'000, 10, kLimits), 50'000);
  EXPECT_EQ(NextBatchSize(150, 60'000, kLimits), 100);
  EXPECT_EQ(NextBatchSize(0, 10, kLimits), 100);
}

TEST(BatchSizeTest, AnyMagnitude) {
  EXPECT_EQ(NextBatchSize(kMost, 1, kLimits), 50'000);
  EXPECT_EQ(NextBatchSize(kMost, kMost, kLimits), 50'000);
  EXPECT_EQ(NextBatchSize(1'000, kMost, kLimits), 250);
  EXPECT_EQ(NextBatchSize(kMost, 1, {100, kMost, 100}), kMost);
}

TEST(BatchSizeTest, SettlesFromAnywhere) {
  for (std::int64_t start : {100, 1'000, 50'000}) {
    std::int64_t size = start;
    for (int i = 0; i < 20; ++i) size = NextBatchSize(size, size / 20, kLimits);  // 20 rows a millisecond
    EXPECT_NEAR(static_cast<double>(size), 2'000.0, 20.0);
  }
}

}  // namespace
}  // namespace headway::core
