// When a job may work: '22:00-06:00', 'Mon-Fri 22:00-06:00, Sat,Sun 00:00-24:00'. Pure: the local time comes in.
//
//   windows = window { ',' window }
//   window  = [ days ] time '-' time        without days: every day
//   days    = day [ '-' day ] { ',' day [ '-' day ] }
//   day     = Mon Tue Wed Thu Fri Sat Sun, or in full; case does not matter
//   time    = HH:MM, from 00:00 to 24:00
//
// White space is allowed between any two of them. A window that ends before it begins crosses midnight and belongs to
// the day on which it begins: 'Fri 22:00-06:00' ends on Saturday. 00:00-24:00 is the whole day. Each window needs its
// hours. The end is not part of the window.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace headway::core {

// A moment of the week, in whatever time zone.
struct LocalTime {
  int weekday = 0;  // 0: Sunday
  std::int64_t ms_of_day = 0;
};

class TimeWindow {
 public:
  // Throws 22023 when the text is none.
  static TimeWindow Parse(const std::string& text);

  bool IsOpen(const LocalTime& now) const { return MsUntilOpen(now) == 0; }
  // By the clock on the wall: when the clock is changed meanwhile it is off by that.
  std::int64_t MsUntilOpen(const LocalTime& now) const;

  const std::string& text() const { return text_; }

 private:
  struct Span {
    std::int64_t begin = 0;  // milliseconds since Sunday 00:00
    std::int64_t length = 0;
  };

  std::string text_;
  std::vector<Span> spans_;

  friend class TimeWindowParser;
};

}  // namespace headway::core
