#include "core/duration.hpp"

#include <gtest/gtest.h>

namespace headway::core {
namespace {

TEST(DurationTest, ForPeople) {
  EXPECT_EQ(Duration(0), "0.0 s");
  EXPECT_EQ(Duration(449), "0.4 s");
  EXPECT_EQ(Duration(9'999), "9.9 s");
  EXPECT_EQ(Duration(10'000), "10 s");
  EXPECT_EQ(Duration(59'999), "59 s");
  EXPECT_EQ(Duration(60'000), "00:01:00");
  EXPECT_EQ(Duration(190'000), "00:03:10");
  EXPECT_EQ(Duration(360'000'000), "100:00:00");
  EXPECT_EQ(Duration(-5), "0.0 s") << "a clock that was set back";
}

}  // namespace
}  // namespace headway::core
