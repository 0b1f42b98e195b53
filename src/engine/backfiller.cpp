#include "engine/backfiller.hpp"

#include <algorithm>

#include "core/duration.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"

namespace headway::engine {

namespace {

using core::Duration;
using core::Format;

}  // namespace

std::int64_t Backfiller::Run() {
  Tally tally;
  std::optional<core::Error> failure;
  try {
    WalkAll(tally);
  } catch (const core::Error& error) {
    failure = error;
  }
  if (failure) {
    if (!tally.done) Fail(*failure);
    throw core::Error(*failure);
  }
  SayEnd(tally);
  return tally.rows;
}

void Backfiller::WalkAll(Tally& tally) {
  tally.started_ms = tally.noticed_ms = clock_.NowMs();
  std::int64_t size = options_.batch_size.value_or(options_.first_size);
  reporter_.Notice(Format("backfill \"%1%\": walking %2%", job_.name(), job_.Describe()));
  while (!tally.done) {
    const std::int64_t before = clock_.NowMs();
    const Batch batch = RunOne(size);
    tally.done = batch.last;
    const std::int64_t took = clock_.NowMs() - before;
    tally.rows += batch.updated;
    tally.walked += batch.walked;
    tally.longest_ms = std::max(tally.longest_ms, took);
    ++tally.batches;
    if (tally.done) return;
    if (!options_.batch_size) size = core::NextBatchSize(size, took, options_.limits);
    SayProgress(tally);
  }
}

// One batch, committed; tried again while a row or the table is locked by others.
Batch Backfiller::RunOne(std::int64_t size) {
  // It is read after an exception, which the check does not see.
  const std::int64_t started = clock_.NowMs();  // NOLINT(clang-analyzer-deadcode.DeadStores)
  for (;;) {
    std::optional<core::Error> failure;
    try {
      session_.Begin();
      session_.BeginScript(options_.retry.lock_timeout_ms);
      const Batch batch = job_.RunBatch(size);
      session_.EndScript();
      if (batch.last) job_.MarkDone();
      session_.Commit();
      job_.Advance();
      return batch;
    } catch (const core::Error& error) {
      failure = error;
    }
    session_.Rollback();
    if (!core::IsRetryable(failure->report().sqlstate)) throw core::Error(*failure);
    const auto pause = core::PauseBeforeRetry(options_.retry, 1, clock_.NowMs() - started, clock_.Chance());
    if (!pause) throw core::Error(*failure);
    reporter_.Activity(Format("backfill \"%1%\": waiting for a lock", job_.name()));
    clock_.Sleep(*pause);
  }
}

void Backfiller::Fail(const core::Error& error) {
  try {
    session_.Begin();
    job_.MarkFailed(error.report());
    session_.Commit();
  } catch (const core::Error&) {
    session_.Rollback();  // what happened matters more than that it could not be noted
  }
}

void Backfiller::SayProgress(Tally& tally) {
  const std::int64_t now = clock_.NowMs();
  if (now - tally.noticed_ms < options_.notice_every_ms) return;
  tally.noticed_ms = now;
  const std::int64_t elapsed = std::max<std::int64_t>(1, now - tally.started_ms);
  const std::int64_t total = job_.EstimatedTotal();
  const std::int64_t walked = job_.WalkedBefore() + tally.walked;
  std::string text =
      Format("backfill \"%1%\": %2% rows updated, %3% rows/s", job_.name(), tally.rows, tally.rows * 1000 / elapsed);
  if (total > 0 && walked <= total && tally.walked > 0) {
    const double percent = 100.0 * static_cast<double>(walked) / static_cast<double>(total);
    const double left =
        static_cast<double>(total - walked) * static_cast<double>(elapsed) / static_cast<double>(tally.walked);
    text += Format(", %1% %% through, about %2% left", static_cast<int>(percent),
                   Duration(static_cast<std::int64_t>(left)));
  }
  reporter_.Activity(text);
  reporter_.Notice(text);
}

void Backfiller::SayEnd(const Tally& tally) {
  reporter_.Notice(
      Format("backfill \"%1%\": done, %2% %3% updated", job_.name(), tally.rows, tally.rows == 1 ? "row" : "rows"),
      Format("Batches: %1%, in %2%, the longest %3%.", tally.batches, Duration(clock_.NowMs() - tally.started_ms),
             Duration(tally.longest_ms)));
}

}  // namespace headway::engine
