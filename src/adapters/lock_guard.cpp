#include "adapters/lock_guard.hpp"

#include <algorithm>

#include "core/blocker.hpp"
#include "core/duration.hpp"
#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/backend.hpp"
#include "pg/catalog/object_names.hpp"
#include "pg/catalog/storage.hpp"
#include "pg/locks/blockers.hpp"
#include "pg/locks/lock_watch.hpp"
#include "pg/process/portal.hpp"
#include "pg/process/transaction.hpp"
#include "pg/settings.hpp"

namespace headway::server {

namespace {

constexpr std::int64_t kMostBetweenLooksMs = 50;

std::int64_t BetweenLooks(std::int64_t lock_timeout_ms) {
  std::int64_t every = kMostBetweenLooksMs;
  if (lock_timeout_ms > 0) every = std::min(every, lock_timeout_ms / 4);
  if (pg::MaxLockHoldMs() > 0) every = std::min(every, pg::MaxLockHoldMs() / 4);
  return std::max<std::int64_t>(1, every);
}

}  // namespace

engine::LockOutcome LockGuard::Hover(const core::Statement& statement, std::int64_t hover_ms) {
  held_too_long_.clear();
  awaited_transaction_ = 0;
  const pg::HoverResult result = pg::HoverFor(statement.text, hover_ms);
  missing_ = result.missing;
  WatchHold(result);
  switch (result.end) {
    case pg::HoverEnd::kTaken:
      return engine::LockOutcome::kTaken;
    case pg::HoverEnd::kBusy:
      return engine::LockOutcome::kBusy;
    default:
      return engine::LockOutcome::kHeld;
  }
}

void LockGuard::WatchHold(const pg::HoverResult& result) {
  shut_.clear();
  for (const pg::LockNeed& need : result.needs) {
    if (!pg::BlocksReads(need)) continue;
    shut_.push_back({need.relation, pg::StorageOf(need.relation)});
    if (held_name_.empty()) held_name_ = pg::QualifiedName(need.relation);
  }
  if (!shut_.empty()) pg::BeginLockHold(pg::MaxLockHoldMs(), result.end == pg::HoverEnd::kTaken);
}

void LockGuard::Run(const core::Statement& statement, bool top_level, std::int64_t lock_timeout_ms) {
  const std::int64_t started_us = pg::NowUs();
  pg::StartLockWatch(BetweenLooks(lock_timeout_ms));
  try {
    pg::RunStatement(statement.text, top_level);
    pg::StopLockWatch();
  } catch (const core::Error& error) {
    pg::StopLockWatch();
    if (core::sqlstate::kLockNotAvailable == error.report().sqlstate) {
      if (const auto awaited = pg::LastAwaitedLock()) {
        missing_ = awaited->relation;
        awaited_transaction_ = awaited->transaction;
      }
    }
    throw;
  }
  NoteRewrites(statement, (pg::NowUs() - started_us) / 1000);
}

// Nobody can read a table while it is rewritten; whoever runs it should know how long that was.
void LockGuard::NoteRewrites(const core::Statement& statement, std::int64_t took_ms) const {
  if (!pg::InTransaction() || !statement.alters_table()) return;
  for (const Storage& before : shut_) {
    const std::uint64_t now = pg::StorageOf(before.relation);
    if (now == 0 || now == before.file || !pg::HoldsEarlierRows(before.relation)) continue;
    const std::string took = took_ms < 1000 ? std::string() : core::Format(", in %1%", core::Duration(took_ms));
    pg::ReportNotice(
        core::Format("%1% has been rewritten under an ACCESS EXCLUSIVE lock%2%", pg::QualifiedName(before.relation),
                     took),
        core::Format("Nobody can read it until this is committed. Its statement began in line %1%.", statement.line),
        {});
  }
}

std::string LockGuard::DescribeBlockers() const {
  if (awaited_transaction_ != 0) return core::DescribeBlockers(pg::BlockersOfTransaction(awaited_transaction_));
  if (missing_.relation == pg::kNoOid) return {};
  return core::DescribeBlockers(pg::BlockersOf(missing_.relation, missing_.mode));
}

void LockGuard::Release() {
  if (pg::EndLockHold()) {
    held_too_long_ = core::Format("An ACCESS EXCLUSIVE lock on %1% was held for longer than %2%.", held_name_,
                                  core::Duration(pg::MaxLockHoldMs()));
  }
  held_name_.clear();
  shut_.clear();
}

}  // namespace headway::server
