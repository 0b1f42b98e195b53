#include "engine/turn.hpp"

#include "core/sqlstate.hpp"
#include "engine/unit.hpp"

namespace headway::engine {

namespace {

constexpr std::int64_t kLockPollMs = 100;
constexpr std::int64_t kSayWaitingAfterMs = 1'000;

}  // namespace

void TakeTurn(Session& session, TurnLock& lock, Clock& clock, Reporter& reporter, std::int64_t longest_ms,
              const TurnTexts& texts) {
  const std::int64_t started = clock.NowMs();
  bool said = false;
  for (;;) {
    Unit unit(session);
    const bool acquired = lock.TryAcquire();
    const std::string holder = acquired ? std::string() : lock.DescribeHolder();
    unit.Commit();
    if (acquired) return;
    const std::int64_t waited = clock.NowMs() - started;
    if (!session.owns_transactions() || waited >= longest_ms) {
      throw core::Error(
          core::sqlstate::kLockNotAvailable, texts.taken, holder,
          session.owns_transactions()
              ? "Wait for it to end, or raise headway.lock_retry to wait for longer."
              : "Wait for it to end, or run this as a statement of its own: outside of a transaction it waits.");
    }
    if (!said && waited >= kSayWaitingAfterMs) {
      reporter.Notice(texts.waiting, holder);
      said = true;
    }
    clock.Sleep(kLockPollMs);
  }
}

}  // namespace headway::engine
