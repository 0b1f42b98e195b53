#include "core/interleave.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headway::core {
namespace {

// How many of `count` keys, each `step` after the other, come into each pass.
std::vector<int> Spread(std::int64_t first, std::int64_t step, int count, int passes) {
  std::vector<int> rows(static_cast<std::size_t>(passes));
  for (int i = 0; i < count; ++i)
    ++rows.at(static_cast<std::size_t>(PassOfKey(std::to_string(first + i * step), passes)));
  return rows;
}

TEST(InterleaveTest, RoomForAllNeedsNoPasses) {
  EXPECT_EQ(PassesFor({30, 200, 6'000}), 1);
  EXPECT_EQ(PassesFor({1, 200, 0}), 1) << "each row on a page of its own";
  EXPECT_EQ(PassesFor({0, 0, 0}), 1);
  EXPECT_EQ(PassesFor({1.4, 200, 0}), 1);
}

TEST(InterleaveTest, FullPagesNeedMany) {
  EXPECT_EQ(PassesFor({38, 214, 20}), kMostPasses);
  EXPECT_EQ(PassesFor({4, 2'000, 100}), 2);
  EXPECT_EQ(PassesFor({38, 214, 2'000}), 5) << "nine rows fit";
  EXPECT_EQ(PassesFor({38, 214, -5}), kMostPasses);
}

TEST(InterleaveTest, NeighboursComeIntoDifferentPasses) {
  for (const std::int64_t step : {1, 2, 3, 7, 8, 10, 16, 100, 1'000, 4'096, 1'000'000}) {
    const std::vector<int> rows = Spread(123'456, step, 4'000, 8);
    for (std::size_t pass = 0; pass < rows.size(); ++pass) {
      const double expected = 4'000 / 8.5 * (pass == 0 ? 1.5 : 1.0);
      EXPECT_NEAR(rows[pass], expected, expected / 10) << "step " << step << ", pass " << pass;
    }
  }
}

TEST(InterleaveTest, ThoseOfAPageToo) {
  for (std::int64_t first = 0; first < 1'000; first += 38) {
    const std::vector<int> rows = Spread(first, 1, 38, 8);
    EXPECT_GE(rows[0], 5);
    EXPECT_LE(rows[0], 9);
    for (std::size_t pass = 1; pass < rows.size(); ++pass) EXPECT_LE(rows[pass], 6) << first;
  }
}

TEST(InterleaveTest, KeysThatAreNoNumbers) {
  std::vector<int> rows(8);
  for (int i = 0; i < 8'500; ++i) ++rows.at(static_cast<std::size_t>(PassOfKey("user-" + std::to_string(i) + "@x", 8)));
  for (std::size_t pass = 0; pass < rows.size(); ++pass) EXPECT_NEAR(rows[pass], pass == 0 ? 1'500 : 1'000, 200);
  for (const char* key : {"", "-", "1.5", "99999999999999999999", "-9223372036854775808", "00012", " 1", "\xff"}) {
    const int pass = PassOfKey(key, 8);
    EXPECT_TRUE(pass >= 0 && pass < 8) << key;
    EXPECT_EQ(pass, PassOfKey(key, 8));
    EXPECT_EQ(PassOfKey(key, 1), 0);
  }
}

TEST(InterleaveTest, PlacesOnAPage) {
  std::vector<int> rows(8);
  for (int place = 0; place < 38; ++place) {
    const int pass = PassOfPlace(place, 38, 8);
    ++rows.at(static_cast<std::size_t>(pass));
  }
  EXPECT_EQ(rows, (std::vector<int>{7, 4, 5, 4, 5, 4, 5, 4}));
  EXPECT_EQ(PassOfPlace(0, 1, 8), 3) << "half of the page: 0.5 is in the fourth share of 1.5 + 7";
  EXPECT_EQ(PassOfPlace(37, 38, 8), 7);
  EXPECT_EQ(PassOfPlace(400, 38, 8), 7) << "more rows than were counted";
  EXPECT_EQ(PassOfPlace(0, 0, 8), 0);
  EXPECT_EQ(PassOfPlace(5, 38, 1), 0);
}

}  // namespace
}  // namespace headway::core
