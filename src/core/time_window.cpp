#include "core/time_window.hpp"

#include <algorithm>
#include <cstddef>

#include "core/error.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"

namespace headway::core {

namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kDay = 24 * 60 * kMinute;
constexpr std::int64_t kWeek = 7 * kDay;
constexpr int kDays = 7;

constexpr const char* kDayNames[kDays] = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

// Reads the text from left to right; what it does not understand is told from there to the next blank or comma.
class TimeWindowParser {
 public:
  explicit TimeWindowParser(const std::string& text) : text_(text) { window_.text_ = text; }

  TimeWindow Parse() {
    do {
      ParseWindow();
    } while (Take(','));
    if (at_ < text_.size()) Fail("expected a comma or the end");
    return std::move(window_);
  }

 private:
  using DaySet = unsigned;

  void ParseWindow() {
    const DaySet days = ParseDays();
    const std::int64_t from = ParseTime();
    const std::size_t end_at = at_;
    if (!Take('-')) Fail("expected \"-\" and the time of the end");
    const std::int64_t to = ParseTime();
    if (from == to || from == kDay) FailAt(end_at, "the window is empty");
    const std::int64_t length = to > from ? to - from : to + kDay - from;
    for (int day = 0; day < kDays; ++day) {
      if ((days & (1U << day)) != 0) window_.spans_.push_back({day * kDay + from, length});
    }
  }

  DaySet ParseDays() {
    DaySet days = 0;
    SkipSpace();
    if (!AtLetter()) return (1U << kDays) - 1;
    do {
      const int first = ParseDay();
      const int last = Take('-') ? ParseDay() : first;
      for (int day = first;; day = (day + 1) % kDays) {
        days |= 1U << day;
        if (day == last) break;
      }
    } while (Take(','));
    return days;
  }

  // In full or by its first three letters.
  int ParseDay() {
    SkipSpace();
    const std::size_t begin = at_;
    std::string word;
    while (AtLetter()) word += Lower(text_[at_++]);
    for (int day = 0; day < kDays; ++day) {
      const std::string name = kDayNames[day];
      if (word == name || word == name.substr(0, 3)) return day;
    }
    FailAt(begin, "expected a day of the week");
  }

  std::int64_t ParseTime() {
    SkipSpace();
    const std::size_t begin = at_;
    const int hour = ParseNumber();
    const bool colon = at_ < text_.size() && text_[at_] == ':';
    if (colon) ++at_;
    const int minute = colon ? ParseNumber() : -1;
    if (hour < 0 || minute < 0 || minute > 59 || hour > 24 || (hour == 24 && minute > 0)) {
      FailAt(begin, "expected a time of the day from 00:00 to 24:00");
    }
    return (hour * 60 + minute) * kMinute;
  }

  // One or two digits; -1: there are none, or more.
  int ParseNumber() {
    int number = 0;
    int digits = 0;
    while (at_ < text_.size() && IsDigit(text_[at_]) && digits < 3) {
      number = number * 10 + (text_[at_++] - '0');
      ++digits;
    }
    return digits == 1 || digits == 2 ? number : -1;
  }

  bool Take(char c) {
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool AtLetter() const { return at_ < text_.size() && IsLetter(text_[at_]); }

  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

  [[noreturn]] void Fail(const char* why) {
    SkipSpace();
    FailAt(at_, why);
  }

  [[noreturn]] void FailAt(std::size_t position, const char* why) const {
    std::size_t end = position;
    while (end < text_.size() && !IsSpace(text_[end]) && (text_[end] != ',' || end == position)) ++end;
    const std::string part = text_.substr(position, end - position);
    const std::string where = part.empty() ? "at the end" : Format("at \"%1%\"", part);
    throw Error(
        sqlstate::kInvalidParameterValue, Format("invalid time window: %1%", why),
        Format("The text is \"%1%\"; the mistake is %2%.", text_, where),
        "Write for example '22:00-06:00', 'Mon-Fri 22:00-06:00' or 'Mon-Fri 22:00-06:00, Sat,Sun 00:00-24:00'.");
  }

  const std::string& text_;
  std::size_t at_ = 0;
  TimeWindow window_;
};

TimeWindow TimeWindow::Parse(const std::string& text) { return TimeWindowParser(text).Parse(); }

std::int64_t TimeWindow::MsUntilOpen(const LocalTime& now) const {
  const std::int64_t at = now.weekday * kDay + now.ms_of_day;
  std::int64_t nearest = kWeek;
  for (const Span& span : spans_) {
    const std::int64_t since_begin = ((at - span.begin) % kWeek + kWeek) % kWeek;
    if (since_begin < span.length) return 0;
    nearest = std::min(nearest, kWeek - since_begin);
  }
  return nearest;
}

}  // namespace headway::core
