#include "core/time_window.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace headway::core {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

enum Day { kSun, kMon, kTue, kWed, kThu, kFri, kSat };

LocalTime At(int day, int hour, int minute = 0, std::int64_t ms = 0) {
  return {day, hour * kHour + minute * kMinute + ms};
}

bool Open(const std::string& text, LocalTime now) { return TimeWindow::Parse(text).IsOpen(now); }
std::int64_t Until(const std::string& text, LocalTime now) { return TimeWindow::Parse(text).MsUntilOpen(now); }

TEST(TimeWindowTest, EveryDayWithinIt) {
  for (int day = kSun; day <= kSat; ++day) {
    EXPECT_FALSE(Open("09:00-17:30", At(day, 8, 59, 59'999)));
    EXPECT_TRUE(Open("09:00-17:30", At(day, 9)));
    EXPECT_TRUE(Open("09:00-17:30", At(day, 17, 29, 59'999)));
    EXPECT_FALSE(Open("09:00-17:30", At(day, 17, 30)));
  }
}

TEST(TimeWindowTest, AcrossMidnight) {
  EXPECT_TRUE(Open("22:00-06:00", At(kWed, 23)));
  EXPECT_TRUE(Open("22:00-06:00", At(kWed, 0)));
  EXPECT_TRUE(Open("22:00-06:00", At(kWed, 5, 59)));
  EXPECT_FALSE(Open("22:00-06:00", At(kWed, 6)));
  EXPECT_TRUE(Open("22:00-00:00", At(kWed, 23, 59)));
  EXPECT_FALSE(Open("22:00-00:00", At(kWed, 0)));
  EXPECT_TRUE(Open("22:00-24:00", At(kWed, 23, 59)));
  EXPECT_FALSE(Open("22:00-24:00", At(kThu, 0)));
}

TEST(TimeWindowTest, ANightBelongsToTheDayOnWhichItBegins) {
  const std::string text = "Mon-Fri 22:00-06:00";
  EXPECT_FALSE(Open(text, At(kMon, 5))) << "of Sunday's night";
  EXPECT_TRUE(Open(text, At(kMon, 22)));
  EXPECT_TRUE(Open(text, At(kSat, 5, 59))) << "of Friday's night";
  EXPECT_FALSE(Open(text, At(kSat, 23)));
  EXPECT_TRUE(Open("Sat 22:00-06:00", At(kSun, 1))) << "across the end of the week";
}

TEST(TimeWindowTest, SeveralWindowsAndDays) {
  const std::string text = "Mon-Fri 22:00-06:00, Sat,Sun 00:00-24:00";
  EXPECT_TRUE(Open(text, At(kSat, 12)));
  EXPECT_TRUE(Open(text, At(kSun, 23, 59, 59'999)));
  EXPECT_FALSE(Open(text, At(kMon, 0)));
  EXPECT_FALSE(Open(text, At(kWed, 12)));
  EXPECT_TRUE(Open("12:00-13:00,01:00-02:00", At(kWed, 1)));
  EXPECT_TRUE(Open("Fri-Mon 10:00-11:00", At(kSun, 10))) << "days across the end of the week";
  EXPECT_FALSE(Open("Fri-Mon 10:00-11:00", At(kTue, 10)));
  EXPECT_TRUE(Open("Mon-Tue,Thu 10:00-11:00", At(kThu, 10)));
  EXPECT_FALSE(Open("Mon-Tue,Thu 10:00-11:00", At(kWed, 10)));
}

TEST(TimeWindowTest, UntilItOpens) {
  EXPECT_EQ(Until("22:00-06:00", At(kWed, 23)), 0);
  EXPECT_EQ(Until("22:00-06:00", At(kWed, 21, 59, 59'999)), 1);
  EXPECT_EQ(Until("22:00-06:00", At(kWed, 6)), 16 * kHour);
  EXPECT_EQ(Until("Mon 10:00-11:00", At(kMon, 11)), 7 * kDay - kHour);
  EXPECT_EQ(Until("Sun 10:00-11:00, Wed 10:00-11:00", At(kMon, 10)), 2 * kDay);
  EXPECT_EQ(Until("Sun 10:00-11:00", At(kSat, 23)), 11 * kHour);
}

TEST(TimeWindowTest, TolerantOfSpacesCaseAndFullNames) {
  EXPECT_TRUE(Open("  MONDAY - friday  9:00 - 17:00 , sat 1:5-2:00 ", At(kTue, 9)));
  EXPECT_TRUE(Open("Mon-Fri22:00-06:00", At(kTue, 22)));
  EXPECT_EQ(TimeWindow::Parse(" 22:00-06:00").text(), " 22:00-06:00");
}

TEST(TimeWindowTest, AlwaysOpen) {
  for (int day = kSun; day <= kSat; ++day) {
    for (int hour = 0; hour < 24; ++hour) EXPECT_TRUE(Open("00:00-24:00", At(day, hour)));
  }
}

void ExpectRefused(const std::string& text, const std::string& message, const std::string& detail) {
  try {
    (void)TimeWindow::Parse(text);
    ADD_FAILURE() << text << " was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.report().sqlstate, "22023") << text;
    EXPECT_EQ(error.report().message, "invalid time window: " + message) << text;
    EXPECT_EQ(error.report().detail, detail) << text;
    EXPECT_NE(error.report().hint.find("'Mon-Fri 22:00-06:00'"), std::string::npos) << text;
  }
}

TEST(TimeWindowTest, WhatIsNoWindow) {
  const std::string no_time = "expected a time of the day from 00:00 to 24:00";
  const std::string no_day = "expected a day of the week";
  ExpectRefused("", no_time, "The text is \"\"; the mistake is at the end.");
  ExpectRefused("  ", no_time, "The text is \"  \"; the mistake is at the end.");
  ExpectRefused("25:00-06:00", no_time, "The text is \"25:00-06:00\"; the mistake is at \"25:00-06:00\".");
  ExpectRefused("24:01-06:00", no_time, "The text is \"24:01-06:00\"; the mistake is at \"24:01-06:00\".");
  ExpectRefused("22:00-06:60", no_time, "The text is \"22:00-06:60\"; the mistake is at \"06:60\".");
  ExpectRefused("22-06", no_time, "The text is \"22-06\"; the mistake is at \"22-06\".");
  ExpectRefused("022:00-06:00", no_time, "The text is \"022:00-06:00\"; the mistake is at \"022:00-06:00\".");
  ExpectRefused("22:00", "expected \"-\" and the time of the end", "The text is \"22:00\"; the mistake is at the end.");
  ExpectRefused("22:00-06:00,", no_time, "The text is \"22:00-06:00,\"; the mistake is at the end.");
  ExpectRefused("22:00-06:00 daily", "expected a comma or the end",
                "The text is \"22:00-06:00 daily\"; the mistake is at \"daily\".");
  ExpectRefused("Mon-Fry 22:00-06:00", no_day, "The text is \"Mon-Fry 22:00-06:00\"; the mistake is at \"Fry\".");
  ExpectRefused("Mo 22:00-06:00", no_day, "The text is \"Mo 22:00-06:00\"; the mistake is at \"Mo\".");
  ExpectRefused("Sat,Sun", no_time, "The text is \"Sat,Sun\"; the mistake is at the end.");
  ExpectRefused("Sat, 10:00-11:00", no_day, "The text is \"Sat, 10:00-11:00\"; the mistake is at \"10:00-11:00\".");
  ExpectRefused("10:00-10:00", "the window is empty", "The text is \"10:00-10:00\"; the mistake is at \"-10:00\".");
  ExpectRefused("24:00-06:00", "the window is empty", "The text is \"24:00-06:00\"; the mistake is at \"-06:00\".");
  ExpectRefused("\xc3\xa4-\xff", no_time, "The text is \"\xc3\xa4-\xff\"; the mistake is at \"\xc3\xa4-\xff\".");
}

}  // namespace
}  // namespace headway::core
