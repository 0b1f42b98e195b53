#include "core/byte_size.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace headway::core {
namespace {

TEST(ByteSizeTest, ForPeople) {
  EXPECT_EQ(DescribeBytes(0), "0 B");
  EXPECT_EQ(DescribeBytes(1023), "1023 B");
  EXPECT_EQ(DescribeBytes(1024), "1 kB");
  EXPECT_EQ(DescribeBytes(1536), "1.5 kB");
  EXPECT_EQ(DescribeBytes(20 * 1024 * 1024), "20 MB");
  EXPECT_EQ(DescribeBytes(20 * 1024 * 1024 + 600 * 1024), "20 MB");
  EXPECT_EQ(DescribeBytes(std::numeric_limits<std::int64_t>::max()), "8388607 TB");
}

TEST(ByteSizeTest, FromPeople) {
  EXPECT_EQ(ParseBytes("20MB"), 20 * 1024 * 1024);
  EXPECT_EQ(ParseBytes("20  mb"), 20 * 1024 * 1024);
  EXPECT_EQ(ParseBytes("1.5 kB"), 1536);
  EXPECT_EQ(ParseBytes("7B"), 7);
  EXPECT_EQ(ParseBytes("0.5TB"), std::int64_t{1} << 39);
}

TEST(ByteSizeTest, WhatIsNoSize) {
  for (const char* text : {"", "20", "MB", ".5MB", "-1MB", "20 MiB", "20MB ", "1e3MB", "99999999TB",
                           "99999999999999999999999999999999999999B", "20 M"}) {
    EXPECT_EQ(ParseBytes(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace headway::core
