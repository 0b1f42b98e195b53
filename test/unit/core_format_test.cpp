#include "core/format.hpp"

#include <gtest/gtest.h>

namespace headway::core {
namespace {

// That the templates in src fit their arguments is checked by test/lint/checks/format_arity.sh.

TEST(FormatTest, FillsByPosition) {
  EXPECT_EQ(Format("%2% before %1%, %2%", "a", 3), "3 before a, 3");
  EXPECT_EQ(Format("%1% %% through", 40), "40 % through");
  EXPECT_EQ(Format("%.1f s", 1.25), "1.2 s");
  EXPECT_EQ(Format("nothing"), "nothing");
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
