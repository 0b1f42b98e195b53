#include "engine/backfiller.hpp"

#include <algorithm>

#include "core/format.hpp"
#include "core/sqlstate.hpp"

namespace headway::engine {

namespace {

using core::Format;

std::string Seconds(std::int64_t milliseconds) { return Format("%.1f s", static_cast<double>(milliseconds) / 1000.0); }

}  // namespace

std::int64_t Backfiller::Run() {
  Tally tally;
  tally.started_ms = tally.noticed_ms = clock_.NowMs();
  std::int64_t size = options_.batch_size.value_or(options_.first_size);
  reporter_.Notice(Format("backfill \"%1%\": walking %2%", job_.name(), job_.Describe()));
  for (;;) {
    const std::int64_t before = clock_.NowMs();
    const Batch batch = RunOne(size);
    const std::int64_t took = clock_.NowMs() - before;
    tally.rows += batch.updated;
    tally.walked += batch.walked;
    tally.longest_ms = std::max(tally.longest_ms, took);
    ++tally.batches;
    if (batch.last) break;
    if (!options_.batch_size) size = core::NextBatchSize(size, took, options_.limits);
    SayProgress(tally);
  }
  SayEnd(tally);
  return tally.rows;
}

// One batch, committed; tried again while a row or the table is locked by others.
Batch Backfiller::RunOne(std::int64_t size) {
  const std::int64_t started = clock_.NowMs();
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
    const auto pause = core::IsRetryable(failure->report().sqlstate)
                           ? core::PauseBeforeRetry(options_.retry, clock_.NowMs() - started, clock_.Chance())
                           : std::nullopt;
    if (!pause) {
      Fail(*failure);
      throw core::Error(*failure);
    }
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
    const std::int64_t left = (total - walked) * elapsed / tally.walked;
    text += Format(", %1% %% through, about %2% left", walked * 100 / total, Seconds(left));
  }
  reporter_.Activity(text);
  reporter_.Notice(text);
}

void Backfiller::SayEnd(const Tally& tally) {
  reporter_.Notice(Format("backfill \"%1%\": done, %2% rows updated", job_.name(), tally.rows),
                   Format("Batches: %1%, in %2%, the longest %3%.", tally.batches,
                          Seconds(clock_.NowMs() - tally.started_ms), Seconds(tally.longest_ms)));
}

}  // namespace headway::engine
