#include "adapters/throttle.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "core/byte_size.hpp"
#include "core/duration.hpp"
#include "core/error.hpp"
#include "core/format.hpp"
#include "core/replica_lag.hpp"
#include "core/slowdown.hpp"
#include "core/sqlstate.hpp"
#include "core/time_window.hpp"
#include "core/wal_rate.hpp"
#include "pg/backend.hpp"
#include "pg/pressure.hpp"
#include "pg/settings.hpp"

namespace headway::server {

namespace {

using core::Format;
using engine::Wait;
using MaybeWait = std::optional<Wait>;

constexpr std::int64_t kAgainMs = 200;
constexpr std::int64_t kSoonMs = 20;
constexpr std::int64_t kMostMs = 1'000;  // a longer wait is looked at again: requests and settings may change
constexpr std::int64_t kArchiveEveryMs = 5'000;
constexpr std::int64_t kArchiveWaitingMs = 1'000;

std::string Length(std::int64_t ms) { return ms < 1'000 ? Format("%1% ms", ms) : core::Duration(ms); }

// What is not over its limit, but comes near: a longer pause. `detail`: made when it is needed.
template <class Detail>
MaybeWait SlowedDown(const char* what, std::int64_t pause_ms, Detail detail) {
  if (pause_ms == 0) return std::nullopt;
  return Wait{what, "slowed down: " + detail(), pause_ms};
}

class OpenHours {
 public:
  MaybeWait Look(const std::string& text) {
    if (text.empty()) return std::nullopt;
    if (!window_ || window_->text() != text) window_ = core::TimeWindow::Parse(text);
    const std::int64_t left = window_->MsUntilOpen(pg::LocalNow());
    if (left == 0) return std::nullopt;
    return Wait{"time window", Format("\"%1%\" opens in %2%", text, core::Duration(left)), std::min(left, kMostMs)};
  }

 private:
  std::optional<core::TimeWindow> window_;
};

class StandbyLag {
 public:
  StandbyLag() : may_name_(pg::MaySeeStandbys()) {}

  // Looks at our own position without a limit too: one may be set later.
  MaybeWait Look(std::int64_t now_ms, const engine::BackfillSettings& settings) {
    const std::uint64_t flushed = pg::FlushedPosition();
    flushed_.Add(now_ms, flushed);
    if (settings.max_replica_lag_bytes) {
      const auto missing = [&](std::uint64_t position) {
        return flushed > position ? static_cast<std::int64_t>(flushed - position) : 0;
      };
      return Judge(now_ms, *settings.max_replica_lag_bytes, core::DescribeBytes,
                   Worst([&](const pg::Standby& standby) { return missing(standby.applied); }, missing));
    }
    if (!settings.max_replica_lag_ms) return std::nullopt;
    return Judge(
        now_ms, *settings.max_replica_lag_ms, Length,
        Worst([&](const pg::Standby& standby) { return flushed_.LagOf(standby.applied, now_ms, standby.measured_ms); },
              [&](std::uint64_t position) { return flushed_.LagOf(position, now_ms); }));
  }

 private:
  struct Behind {
    std::int64_t lag = -1;
    int pid = 0;
    std::string slot;
  };

  // Whoever is furthest behind.
  template <class OfStandby, class OfSlot>
  static Behind Worst(OfStandby of_standby, OfSlot of_slot) {
    Behind worst;
    for (const pg::Standby& standby : pg::Standbys()) {
      const std::int64_t lag = of_standby(standby);
      if (lag > worst.lag) worst = {lag, standby.pid, {}};
    }
    for (const pg::LogicalSlot& logical : pg::LogicalSlots()) {
      const std::int64_t lag = of_slot(logical.confirmed);
      if (lag > worst.lag) worst = {lag, 0, logical.name};
    }
    return worst;
  }

  MaybeWait Judge(std::int64_t now_ms, std::int64_t limit, std::string (*text)(std::int64_t), const Behind& worst) {
    // After a long batch a time is known no better than as that long: a second look tells.
    const bool waited = waiting_;
    waiting_ = worst.lag > limit;
    const std::int64_t pause_ms = slowdown_.Look(now_ms, static_cast<double>(worst.lag) / static_cast<double>(limit));
    if (waiting_) {
      return Wait{"replica lag", Describe(worst, text(worst.lag), text(limit)), waited ? kAgainMs : kSoonMs};
    }
    return SlowedDown("replica lag", pause_ms, [&] { return Describe(worst, text(worst.lag), text(limit)); });
  }

  std::string Describe(const Behind& behind, const std::string& lag, const std::string& limit) {
    if (!behind.slot.empty()) {
      return Format("the reader of slot \"%1%\" is %2% behind, the limit is %3%", behind.slot, lag, limit);
    }
    if (!may_name_) return Format("a standby is more than %1% behind", limit);
    if (behind.pid != named_pid_) {
      name_ = pg::ApplicationName(behind.pid);
      named_pid_ = behind.pid;
    }
    return Format("standby \"%1%\" (pid %2%) is %3% behind, the limit is %4%", name_, behind.pid, lag, limit);
  }

  bool may_name_;
  core::FlushHistory flushed_;
  core::Slowdown slowdown_;
  bool waiting_ = false;
  int named_pid_ = 0;
  std::string name_;
};

class ArchiverBacklog {
 public:
  MaybeWait Look(std::int64_t now_ms) {
    const std::int64_t limit = pg::MaxArchiveBacklog();
    if (limit == 0) return std::nullopt;
    const std::int64_t every_ms = files_ > limit ? kArchiveWaitingMs : kArchiveEveryMs;
    if (!looked_ || now_ms < looked_ms_ || now_ms - looked_ms_ >= every_ms) {
      files_ = pg::FilesToArchive();
      looked_ = true;
      looked_ms_ = now_ms;
    }
    const std::int64_t pause_ms =
        slowdown_.Look(now_ms, static_cast<double>(files_) / static_cast<double>(std::max<std::int64_t>(1, limit)));
    const std::string text = Format("%1% WAL files wait to be archived, the limit is %2%", files_, limit);
    if (files_ > limit) return Wait{"archiver", text, kArchiveWaitingMs};
    return SlowedDown("archiver", pause_ms, [&] { return text; });
  }

 private:
  core::Slowdown slowdown_;
  bool looked_ = false;
  std::int64_t looked_ms_ = 0;
  std::int64_t files_ = 0;
};

class WalRate {
 public:
  MaybeWait Look(std::int64_t now_ms, const std::string& text) {
    if (text != text_) {
      throttle_.reset();
      if (!text.empty()) throttle_.emplace(core::ParseWalRate(text));
      text_ = text;
    }
    if (!throttle_) return std::nullopt;
    const std::int64_t pause_ms = throttle_->Look(now_ms, pg::InsertedPosition());
    if (pause_ms == 0) return std::nullopt;
    const std::string rate = core::DescribeBytes(throttle_->MeasuredRate());
    const std::string limit = core::DescribeBytes(throttle_->rate());
    return Wait{"WAL rate", Format("the server writes %1%/s of WAL, the limit is %2%/s", rate, limit),
                std::min(pause_ms, kMostMs)};
  }

 private:
  std::string text_;
  std::optional<core::WalThrottle> throttle_;
};

// Checkpoints that come for the sake of WAL write every page of the table to it once more: a backfill that brings them
// about feeds itself.
class Checkpoints {
 public:
  MaybeWait Look(std::int64_t now_ms) {
    const std::int64_t closest_ms = pg::MinCheckpointGapMs();
    if (closest_ms == 0 || now_ms - looked_ms_ < kEveryMs) return Holds(now_ms);
    looked_ms_ = now_ms;
    const std::int64_t requested = pg::RequestedCheckpoints();
    if (requested_ >= 0 && requested > requested_) {
      // The first one that is seen says nothing of how long ago the one before it was.
      if (seen_ms_ > 0 && now_ms - seen_ms_ < closest_ms) until_ms_ = now_ms + closest_ms;
      if (requested - requested_ > 1) until_ms_ = now_ms + closest_ms;
      seen_ms_ = now_ms;
    }
    requested_ = requested;
    return Holds(now_ms);
  }

 private:
  static constexpr std::int64_t kEveryMs = 1'000;

  MaybeWait Holds(std::int64_t now_ms) const {
    if (now_ms >= until_ms_) return std::nullopt;
    return Wait{"checkpoints",
                Format("checkpoints follow each other within less than %1%", Length(pg::MinCheckpointGapMs())),
                std::min(until_ms_ - now_ms, kMostMs)};
  }

  std::int64_t looked_ms_ = 0;
  std::int64_t requested_ = -1;
  std::int64_t seen_ms_ = 0;
  std::int64_t until_ms_ = 0;
};

// Whoever has an old snapshot keeps every version that is replaced meanwhile, and the table grows by them.
class OldSnapshots {
 public:
  explicit OldSnapshots(OldestSnapshotText oldest) : oldest_(std::move(oldest)) {}

  MaybeWait Look(std::int64_t now_ms, bool wanted) {
    if (!wanted || (!waiting_ && looked_ms_ != 0 && now_ms - looked_ms_ < kEveryMs)) return std::nullopt;
    const auto [xmin, who] = oldest_();
    // How old one is that is seen first is told by the next look: a short one is gone then.
    waiting_ = xmin != 0 && (looked_ms_ == 0 || xmin == xmin_);
    xmin_ = xmin;
    looked_ms_ = now_ms;
    if (!waiting_) return std::nullopt;
    return Wait{"old snapshot", "old versions of rows are kept by " + who, kSoonMs};
  }

 private:
  static constexpr std::int64_t kEveryMs = 500;

  OldestSnapshotText oldest_;
  std::int64_t looked_ms_ = 0;
  std::uint32_t xmin_ = 0;
  bool waiting_ = false;
};

// Autovacuum analyzes a table again when a tenth of its rows have changed, so it comes while they are being changed,
// and its snapshot keeps what is replaced meanwhile. It is soon over.
class Analyses {
 public:
  explicit Analyses(bool matter) : matter_(matter) {}

  MaybeWait Look(std::int64_t now_ms) {
    if (!matter_ || (since_ms_ == 0 && now_ms - looked_ms_ < kEveryMs)) return std::nullopt;
    looked_ms_ = now_ms;
    if (!pg::AutovacuumAnalyzes()) {
      since_ms_ = 0;
      return std::nullopt;
    }
    if (since_ms_ == 0) since_ms_ = now_ms;
    if (now_ms - since_ms_ > kLongestMs) return std::nullopt;
    return Wait{"autovacuum", "an ANALYZE by autovacuum keeps old versions of rows", kSoonMs};
  }

 private:
  static constexpr std::int64_t kEveryMs = 100;
  static constexpr std::int64_t kLongestMs = 30'000;

  bool matter_;
  std::int64_t looked_ms_ = 0;
  std::int64_t since_ms_ = 0;  // when it was seen first; 0: there is none
};

class Sessions {
 public:
  MaybeWait Look(std::int64_t now_ms, const std::optional<std::int64_t>& limit) {
    if (!limit) return std::nullopt;
    const int active = pg::ActiveSessions();
    const std::int64_t pause_ms = slowdown_.Look(now_ms, active / (static_cast<double>(*limit) + 0.5));
    const auto text = [&] {
      if (active == 0) return Format("sessions were at work, the limit is %1%", *limit);
      return Format("%1% %2% at work, the limit is %3%", active, active == 1 ? "session is" : "sessions are", *limit);
    };
    if (active > *limit) return Wait{"sessions", text(), kAgainMs};
    return SlowedDown("sessions", pause_ms, text);
  }

 private:
  core::Slowdown slowdown_;
};

// Each is looked at each time, so that none misses what happens while another one waits.
class Limits {
 public:
  Limits(OldestSnapshotText oldest, bool reuses_room) : snapshots_(std::move(oldest)), analyses_(reuses_room) {}

  MaybeWait Look(const engine::BackfillSettings& settings) {
    const std::int64_t now_ms = pg::NowMs();
    for (const MaybeWait& wait : {hours_.Look(settings.time_window), lag_.Look(now_ms, settings),
                                  archiver_.Look(now_ms), rate_.Look(now_ms, settings.max_wal_rate),
                                  checkpoints_.Look(now_ms), snapshots_.Look(now_ms, settings.waits_for_snapshots),
                                  analyses_.Look(now_ms), sessions_.Look(now_ms, settings.max_active)}) {
      if (wait) return wait;
    }
    return std::nullopt;
  }

 private:
  OpenHours hours_;
  StandbyLag lag_;
  ArchiverBacklog archiver_;
  WalRate rate_;
  Checkpoints checkpoints_;
  OldSnapshots snapshots_;
  Analyses analyses_;
  Sessions sessions_;
};

// Says of which argument it is what the reader of its text does not like.
template <class Reader>
void CheckText(const char* argument, const std::string& text, Reader read) {
  if (text.empty()) return;
  try {
    read(text);
  } catch (const core::Error& error) {
    core::ErrorReport report = error.report();
    report.message = Format("argument %1%: %2%", argument, report.message);
    throw core::Error(std::move(report));
  }
}

}  // namespace

void CheckLimits(const engine::BackfillSettings& settings) {
  CheckText("time_window", settings.time_window, core::TimeWindow::Parse);
  CheckText("max_wal_rate", settings.max_wal_rate, core::ParseWalRate);
  if (settings.max_replica_lag_ms.value_or(1) <= 0 || settings.max_replica_lag_bytes.value_or(1) <= 0) {
    throw core::Error(core::sqlstate::kInvalidParameterValue, "max_replica_lag must be more than 0", {},
                      "Write for example max_replica_lag => '10 s', or '64 MB' of WAL.");
  }
}

engine::Throttle MakeThrottle(OldestSnapshotText oldest, bool reuses_room) {
  auto limits = std::make_shared<Limits>(std::move(oldest), reuses_room);
  return [limits](const engine::BackfillSettings& settings) { return limits->Look(settings); };
}

}  // namespace headway::server
