// How one range of a backfill is walked: by key, page by page, or through the table that it belongs to.
#pragma once

#include <algorithm>
#include <memory>

#include "adapters/backfill_definition.hpp"
#include "adapters/backfill_range.hpp"
#include "adapters/backfill_skipped.hpp"
#include "adapters/backfill_window.hpp"
#include "engine/backfiller.hpp"
#include "pg/pressure.hpp"

namespace headway::server {

// What all walks have: the range as it is now, as it was when the last unit ended, and as its row has it.
class SavedWalk : public engine::RangeWalk {
 public:
  SavedWalk(std::string job, BackfillRange range, std::unique_ptr<RangeLock> lock, SkippedRows skipped_rows)
      : job_(std::move(job)),
        range_(range),
        before_(range),
        skipped_rows_(std::move(skipped_rows)),
        stored_(std::move(range)),
        lock_(std::move(lock)) {}

  void Save(const engine::BatchFacts& facts) override {
    counts_.wal_bytes = pg::OwnWal() - wal_counted_;
    SaveRange(job_, stored_, range_, facts, counts_);
    saves_ = true;
  }
  void Advance() noexcept override {
    before_ = range_;
    if (saves_) {
      stored_ = range_;
      wal_counted_ += counts_.wal_bytes;
      counts_ = {};
    }
    saves_ = false;
  }
  void Revert() noexcept override {
    range_ = before_;
    counts_ = {};
    saves_ = false;
  }
  // A walk that leaves no row behind has these.
  bool HasSkipped() const override { return false; }
  engine::Step TakeSkipped() override { return {}; }
  std::string DescribeSkipped() override { return {}; }
  void PassOverSkipped(const core::ErrorReport&) override {}
  void Finish(std::int64_t longest_ms) override { FinishRange(job_, range_.number, longest_ms); }

 protected:
  std::string job_;
  BackfillRange range_;
  BackfillRange before_;
  RangeCounts counts_;  // of what has not been committed
  SkippedRows skipped_rows_;

 private:
  BackfillRange stored_;
  bool saves_ = false;  // in the unit that is open
  std::int64_t wal_counted_ = pg::OwnWal();
  std::unique_ptr<RangeLock> lock_;
};

// A walk that reads a window of rows, and writes them pass after pass.
class WindowWalk : public SavedWalk {
 public:
  WindowWalk(std::string job, BackfillRange range, std::unique_ptr<RangeLock> lock, SkippedRows skipped_rows,
             Turns& turns)
      : SavedWalk(std::move(job), std::move(range), std::move(lock), std::move(skipped_rows)), turns_(turns) {}

  bool HasRows() const override { return window_.HasRows(); }
  void Advance() noexcept override {
    SavedWalk::Advance();
    before_next_ = window_.next();
  }
  void Revert() noexcept override {
    SavedWalk::Revert();
    window_.GoTo(before_next_);
  }

 protected:
  void Open(Window window) {
    window_ = std::move(window);
    before_next_ = 0;
  }
  // A window of `units` begins, or goes on (`resumes`) that another walk has begun.
  void CountFrom(bool resumes, std::int64_t units) {
    if (!resumes) range_.window_walked = 0;
    window_base_ = std::min(range_.window_walked, units);
  }
  // Behind a slice whose last row is at `last`, or where none is left in a window of `units`.
  void LeaveBehind(const Window::Slice& slice, Position last, std::int64_t units) {
    if (slice.end > slice.begin) {
      range_.pass = slice.pass;
      range_.pass_position = std::move(last);
      window_.GoTo(slice.end);
    }
    range_.window_walked = window_base_ + window_.ShareOf(units - window_base_);
    if (window_.HasRows()) return;
    turns_.EndWindow();
    range_.window_walked = 0;
    range_.walked += units;
    range_.position = range_.window_end;
    range_.window_end.clear();
    range_.pass_position.clear();
    range_.pass = 0;
  }

  Turns& turns_;
  Window window_;

 private:
  std::size_t before_next_ = 0;
  std::int64_t window_base_ = 0;  // what was walked of it when it was read
};

// `target`: the table of the range.
std::unique_ptr<engine::RangeWalk> MakeKeyWalk(const BackfillDefinition& definition, const pg::TableShape& target,
                                               BackfillRange range, std::unique_ptr<RangeLock> lock,
                                               SkippedRows skipped_rows, Turns& turns);
std::unique_ptr<engine::RangeWalk> MakePageWalk(const BackfillDefinition& definition, const pg::TableShape& target,
                                                BackfillRange range, std::unique_ptr<RangeLock> lock,
                                                SkippedRows skipped_rows, Turns& turns);
std::unique_ptr<engine::RangeWalk> MakeThroughWalk(const BackfillDefinition& definition, const pg::TableShape& target,
                                                   BackfillRange range, std::unique_ptr<RangeLock> lock,
                                                   SkippedRows skipped_rows);

}  // namespace headway::server
