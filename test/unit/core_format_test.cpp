#include "core/format.hpp"

#include <gtest/gtest.h>

#include <boost/format.hpp>
#include <cstdint>
#include <string_view>

namespace headway::core {
namespace {

// That the templates in src fit their arguments is checked by test/lint/checks/format_arity.sh.

TEST(FormatTest, FillsByPosition) {
  EXPECT_EQ(Format("%2% before %1%, %2%", "a", 3), "3 before a, 3");
  EXPECT_EQ(Format("%1% %% through", 40), "40 % through");
  EXPECT_EQ(Format("%.1f s", 1.25), "1.2 s");
  EXPECT_EQ(Format("nothing"), "nothing");
}

TEST(FormatTest, TakesTextLettersAndNumbers) {
  const char letter = '-';
  EXPECT_EQ(Format("%1% %2% %3%", "a", std::string("b"), std::string_view("cd").substr(0, 1)), "a b c");
  EXPECT_EQ(Format("\"%1%\"", letter), "\"-\"");
  EXPECT_EQ(Format("%1% %2%", INT64_MIN, UINT64_MAX), "-9223372036854775808 18446744073709551615");
  EXPECT_EQ(Format("%1% %2%", 2.5, 0.25F), "2.5 0.25");
  EXPECT_EQ(Format("%08x", std::uint32_t{0xBEEF}), "0000beef");
  EXPECT_EQ(Format("%02d:%02d", std::int64_t{7}, 8), "07:08");
}

TEST(FormatTest, ArgumentsAreNotTemplates) {
  EXPECT_EQ(Format("\"%1%\"", std::string("100%1% %s")), "\"100%1% %s\"");
  EXPECT_EQ(Format("%1%", std::string("a\0b", 3)), std::string("a\0b", 3));
}

TEST(FormatTest, ThrowsOnAMismatch) {
  EXPECT_THROW(Format("%1%"), boost::io::format_error);
  EXPECT_THROW(Format("%1%", 1, 2), boost::io::format_error);
  EXPECT_THROW(Format("%1% %3%", 1, 2), boost::io::format_error);
}

}  // namespace
}  // namespace headway::core
