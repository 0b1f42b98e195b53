#include "core/target.hpp"

#include "core_graphs.hpp"

namespace headway::core {
namespace {

using testing::ErrorOf;
using testing::StartsWith;

// "label|symbol|steps"
std::string Read(std::string_view text) {
  const Target target = ParseTarget(text);
  return target.label + "|" + target.symbol + "|" + (target.steps ? std::to_string(*target.steps) : "");
}

std::string RefusalOf(std::string_view text) {
  const std::string error = ErrorOf([&] { ParseTargets(text); });
  const std::size_t detail = error.find(" / ");
  return error.substr(0, 5) + " " + error.substr(detail + 3, error.rfind(" / ") - detail - 3);
}

TEST(TargetTest, ReadsEveryForm) {
  EXPECT_EQ(Read("head"), "|head|");
  EXPECT_EQ(Read("abc123"), "|abc123|");
  EXPECT_EQ(Read("+1"), "||1");
  EXPECT_EQ(Read("-12"), "||-12");
  EXPECT_EQ(Read("abc+2"), "|abc|2");
  EXPECT_EQ(Read("abc-2"), "|abc|-2");
  EXPECT_EQ(Read("net@head"), "net|head|");
  EXPECT_EQ(Read("net@+1"), "net||1");
  EXPECT_EQ(Read("net@abc-1"), "net|abc|-1");
  EXPECT_EQ(Read(" \n head\t"), "|head|");
  EXPECT_EQ(Read("1.2+1"), "|1.2|1");
}

TEST(TargetTest, ReadsLists) {
  const std::vector<Target> targets = ParseTargets("a, net@head ,+1");
  ASSERT_EQ(targets.size(), 3u);
  EXPECT_EQ(targets[0].text, "a");
  EXPECT_EQ(targets[1].text, "net@head");
  EXPECT_EQ(targets[2].text, "+1");
}

TEST(TargetTest, RefusesWhatItCannotRead) {
  EXPECT_EQ(RefusalOf(""), "MG002 A target must not be empty.");
  EXPECT_EQ(RefusalOf("a,"), "MG002 A target must not be empty.");
  EXPECT_EQ(RefusalOf("a b"), "MG002 A target must not contain white space.");
  EXPECT_EQ(RefusalOf("@head"), "MG002 A branch label must come before \"@\".");
  EXPECT_EQ(RefusalOf("net@"), "MG002 A place on the branch must follow \"@\".");
  EXPECT_EQ(RefusalOf("a@b@c"), "MG002 There is more than one \"@\".");
  EXPECT_EQ(RefusalOf("a+"), "MG002 A number of steps must follow \"+\" or \"-\".");
  EXPECT_EQ(RefusalOf("a+x"), "MG002 Only digits may follow \"+\" or \"-\".");
  EXPECT_EQ(RefusalOf("a+1-1"), "MG002 Only digits may follow \"+\" or \"-\".");
  EXPECT_EQ(RefusalOf("a:b"), "MG002 Only history takes a range.");
}

TEST(TargetTest, BoundsNumbersAndLists) {
  EXPECT_EQ(Read("+99999999999999999999999999"), "||1000000000");
  EXPECT_EQ(Read("-99999999999999999999999999"), "||-1000000000");
  EXPECT_TRUE(StartsWith(ErrorOf([] { ParseTargets(std::string(5'000, ',')); }), "MG002"));
  std::string many = "a";
  for (int count = 0; count < 1'000; ++count) many += ",a";
  EXPECT_TRUE(StartsWith(ErrorOf([&] { ParseTargets(many); }), "MG002 more than 1000 targets"));
}

TEST(TargetTest, ReadsRanges) {
  const TargetRange whole = ParseRange(":");
  EXPECT_FALSE(whole.from);
  EXPECT_FALSE(whole.to);
  const TargetRange range = ParseRange(" -3 : current ");
  EXPECT_EQ(range.from->text, "-3");
  EXPECT_EQ(range.to->text, "current");
  for (const char* text : {"", "a", "a:b:c"}) {
    EXPECT_TRUE(StartsWith(ErrorOf([&] { ParseRange(text); }), "MG002")) << text;
  }
}

}  // namespace
}  // namespace headway::core
