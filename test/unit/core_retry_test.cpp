#include "core/retry.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace headway::core {
namespace {

constexpr RetryPolicy kPolicy = {50, 10'000, 1'000};

TEST(RetryTest, OnlyWhatAnotherTransactionsEndCanCure) {
  EXPECT_TRUE(IsRetryable("55P03"));
  EXPECT_TRUE(IsRetryable("40P01"));
  for (const char* sqlstate : {"57014", "57P01", "40001", "23505", "53200", "55000", "XX000", "55P0", ""}) {
    EXPECT_FALSE(IsRetryable(sqlstate)) << sqlstate;
  }
}

TEST(RetryTest, ChanceSpreadsThePauseAroundItsMiddle) {
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 0, 0.0), 500);
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 0, 0.5), 1'000);
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 0, 0.999), 1'499);
}

TEST(RetryTest, TheLastPauseEndsWithTheTime) {
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 9'500, 0.5), 500);
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 9'999, 0.5), 1);
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 10'000, 0.5), std::nullopt);
  EXPECT_EQ(PauseBeforeRetry(kPolicy, 10'001, 0.5), std::nullopt);
}

TEST(RetryTest, ATimeOfZeroMeansOneTry) {
  RetryPolicy once = kPolicy;
  once.lock_retry_ms = 0;
  EXPECT_EQ(PauseBeforeRetry(once, 0, 0.5), std::nullopt);
}

TEST(RetryTest, AClockSetBackGivesNoMoreThanAUsualPause) {
  EXPECT_EQ(PauseBeforeRetry(kPolicy, -3'600'000, 0.5), 1'000);
  EXPECT_EQ(PauseBeforeRetry(kPolicy, std::numeric_limits<std::int64_t>::min(), 0.5), 1'000);
}

}  // namespace
}  // namespace headway::core
