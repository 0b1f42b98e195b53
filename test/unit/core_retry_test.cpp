#include "core/retry.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace headway::core {
namespace {

constexpr RetryPolicy kPolicy = {2'000, 50, 400, 10'000, 0, 1'000, 3'000};

TEST(RetryTest, OnlyWhatAnotherTransactionsEndCanCure) {
  EXPECT_TRUE(IsRetryable("55P03"));
  EXPECT_TRUE(IsRetryable("40P01"));
  for (const char* sqlstate : {"57014", "57P01", "40001", "23505", "53200", "55000", "XX000", "55P0", ""}) {
    EXPECT_FALSE(IsRetryable(sqlstate)) << sqlstate;
  }
}

TEST(RetryTest, ChanceSpreadsThePauseAroundItsMiddle) {
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 1, 0, 0.0), 500);
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 1, 0, 0.5), 1'000);
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 1, 0, 0.999), 1'499);
}

TEST(RetryTest, PausesGrowWithTheTriesThatQueuedInVain) {
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 0, 0, 0.5), 100) << "hovering has stalled nobody";
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 2, 0, 0.5), 2'000);
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 3, 0, 0.5), 3'000);
  EXPECT_EQ(PauseBeforeRetry(kPolicy, std::numeric_limits<int>::max(), 0, 0.5), 3'000);
}

TEST(RetryTest, QueueTimeoutsGrowToTheirLimit) {
  EXPECT_EQ(QueueTimeout(kPolicy, 0), 50);
  EXPECT_EQ(QueueTimeout(kPolicy, 1), 100);
  EXPECT_EQ(QueueTimeout(kPolicy, 3), 400);
  EXPECT_EQ(QueueTimeout(kPolicy, std::numeric_limits<int>::max()), 400);
  RetryPolicy policy = kPolicy;
  policy.lock_timeout_ms = 0;
  EXPECT_EQ(QueueTimeout(policy, 3), 0) << "no limit stays no limit";
  policy.lock_timeout_ms = 500;
  EXPECT_EQ(QueueTimeout(policy, 3), 500) << "a limit below the first timeout is none";
}

TEST(RetryTest, TheLastPauseEndsWithTheTime) {
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 1, 9'500, 0.5), 500);
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 1, 9'999, 0.5), 1);
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 1, 10'000, 0.5), std::nullopt);
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 1, 10'001, 0.5), std::nullopt);
}

TEST(RetryTest, ATimeOfZeroMeansOneTry) {
  RetryPolicy once = kPolicy;
  once.lock_retry_ms = 0;
  EXPECT_EQ(PauseBeforeRetry(once, 1, 0, 0.5), std::nullopt);
}

TEST(RetryTest, AClockSetBackGivesNoMoreThanAUsualPause) {
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 1, -3'600'000, 0.5), 1'000);
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 1, std::numeric_limits<std::int64_t>::min(), 0.5), 1'000);
}

}  // namespace
}  // namespace headway::core
