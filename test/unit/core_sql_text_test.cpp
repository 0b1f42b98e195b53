#include "core/sql_text.hpp"

#include <gtest/gtest.h>

namespace headway::core {
namespace {

TEST(SqlTextTest, LiteralsAreRightWhateverTheReaderHasSet) {
  EXPECT_EQ(QuotedLiteral(""), "''");
  EXPECT_EQ(QuotedLiteral("it's"), "'it''s'");
  EXPECT_EQ(QuotedLiteral("a\\b'c"), "E'a\\\\b''c'");
}

TEST(SqlTextTest, DollarTagsAreNotInTheText) {
  EXPECT_EQ(DollarQuoted("x", "up"), "$up$x$up$");
  EXPECT_EQ(DollarQuoted("x $up$ y", "up"), "$up2$x $up$ y$up2$");
  EXPECT_EQ(DollarQuoted("$up$ $up2$", "up"), "$up3$$up$ $up2$$up3$");
  EXPECT_EQ(DollarQuoted("ends in $up", "up"), "$up2$ends in $up$up2$");
}

}  // namespace
}  // namespace headway::core
