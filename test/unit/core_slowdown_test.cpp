#include "core/slowdown.hpp"

#include <gtest/gtest.h>

namespace headway::core {
namespace {

// One batch and the pause behind it; returns how long that was.
std::int64_t Batch(Slowdown& slowdown, std::int64_t& now, double pressure) {
  now += 100;
  const std::int64_t pause = slowdown.Look(now, pressure);
  now += pause;
  EXPECT_EQ(pause == 0 ? 0 : slowdown.Look(now, pressure), 0) << "the pause is over";
  return pause;
}

TEST(SlowdownTest, NothingAsLongAsThereIsRoom) {
  Slowdown slowdown;
  std::int64_t now = 1'000;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Batch(slowdown, now, 0.4), 0);
}

TEST(SlowdownTest, PausesGrowNearTheLimitAndShrinkAgain) {
  Slowdown slowdown;
  std::int64_t now = 1'000;
  std::int64_t last = 0;
  for (int i = 0; i < 40; ++i) {
    const std::int64_t pause = Batch(slowdown, now, 0.8);
    EXPECT_GE(pause, last);
    last = pause;
  }
  EXPECT_EQ(last, 2'000) << "up to two seconds";
  int batches = 0;
  while (Batch(slowdown, now, 0.1) > 0) ++batches;
  EXPECT_GT(batches, 5) << "not at once";
  EXPECT_LT(batches, 30);
}

TEST(SlowdownTest, EachTimeOverTheLimitDoublesThem) {
  Slowdown slowdown;
  std::int64_t now = 1'000;
  EXPECT_EQ(slowdown.Look(now, 1.5), 0) << "the wait for the limit is somebody else's";
  EXPECT_EQ(slowdown.Look(now + 200, 2.0), 0);
  EXPECT_EQ(slowdown.pause_ms(), 20) << "once for each time, however long it lasts";
  EXPECT_EQ(slowdown.Look(now + 400, 0.6), 25);
  EXPECT_EQ(slowdown.Look(now + 410, 0.6), 15) << "what is left of it";
  EXPECT_EQ(slowdown.Look(now + 425, 0.6), 0);
  EXPECT_EQ(slowdown.Look(now + 500, 1.1), 0);
  EXPECT_EQ(slowdown.pause_ms(), 50);
}

}  // namespace
}  // namespace headway::core
