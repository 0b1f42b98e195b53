#include "core/wal_rate.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "core/byte_size.hpp"
#include "core/error.hpp"
#include "core/format.hpp"
#include "core/identifier.hpp"
#include "core/sqlstate.hpp"

namespace headway::core {

namespace {

constexpr double kBurstSeconds = 1;
// A debt grows to this by what others write, and up to the second figure by one long batch of our own, which is paid
// back in full: who wrote what cannot be told apart.
constexpr double kWindowSeconds = 5;
constexpr double kMostSeconds = 60;
constexpr std::int64_t kMeasureMs = 2'500;

// In seconds; 0: there is no such time.
std::int64_t PerSeconds(std::string_view per) {
  if (per == "s" || per == "sec") return 1;
  return per == "min" ? 60 : 0;
}

}  // namespace

std::int64_t ParseWalRate(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string_view size = Trim(std::string_view(text).substr(0, slash));
  const std::int64_t seconds =
      slash == std::string::npos ? 1 : PerSeconds(Trim(std::string_view(text).substr(slash + 1)));
  const std::optional<std::int64_t> bytes = ParseBytes(size);
  if (!bytes || seconds == 0 || *bytes / seconds < 1) {
    throw Error(sqlstate::kInvalidParameterValue, Format("invalid WAL rate: \"%1%\"", text), {},
                "Write for example '20MB/s', '512kB/s' or '1.5 GB/min'; units are B, kB, MB, GB and TB.");
  }
  return *bytes / seconds;
}

std::int64_t WalThrottle::Look(std::int64_t now_ms, std::uint64_t position) {
  const Sample now = {now_ms, position};
  if (!looked_) {
    looked_ = true;
    last_ = window_begin_ = next_begin_ = now;
    return 0;
  }
  const auto rate = static_cast<double>(rate_);
  // A clock that was set back pays nothing off; one that was set ahead costs a burst at most.
  const double elapsed = static_cast<double>(std::max<std::int64_t>(0, now_ms - last_.ms)) / 1000;
  const double written = position > last_.position ? static_cast<double>(position - last_.position) : 0;
  const double before = debt_ - rate * elapsed;
  const double most = rate * std::clamp(written / rate, kWindowSeconds, kMostSeconds);
  debt_ = std::max({std::min(before + written, most), before, -rate * kBurstSeconds});
  last_ = now;
  Measure(now);
  return debt_ <= 0 ? 0 : static_cast<std::int64_t>(std::ceil(debt_ / rate * 1000));
}

void WalThrottle::Measure(const Sample& now) {
  if (now.ms < next_begin_.ms) {
    window_begin_ = next_begin_ = now;
  } else if (now.ms - next_begin_.ms >= kMeasureMs) {
    window_begin_ = next_begin_;
    next_begin_ = now;
  }
}

std::int64_t WalThrottle::MeasuredRate() const {
  const std::int64_t elapsed = last_.ms - window_begin_.ms;
  if (elapsed <= 0 || last_.position < window_begin_.position) return 0;
  const auto written = static_cast<double>(last_.position - window_begin_.position);
  return static_cast<std::int64_t>(written * 1000 / static_cast<double>(elapsed));
}

}  // namespace headway::core
