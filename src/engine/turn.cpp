#include "engine/turn.hpp"

#include "core/sqlstate.hpp"
#include "engine/unit.hpp"

namespace headway::engine {

namespace {

constexpr std::int64_t kLockPollMs = 100;
constexpr std::int64_t kSayWaitingAfterMs = 1'000;

}  // namespace

void WaitForTurn(Clock& clock, Reporter& reporter, std::int64_t longest_ms, const TurnTexts& texts,
                 const std::function<std::optional<std::string>()>& look) {
  const std::int64_t started = clock.NowMs();
  bool said = false;
  while (const std::optional<std::string> holder = look()) {
    const std::int64_t waited = clock.NowMs() - started;
    if (waited >= longest_ms) {
      throw core::Error(core::sqlstate::kLockNotAvailable, texts.taken, *holder,
                        "Wait for it to end, or raise headway.lock_retry to wait for longer.");
    }
    if (!said && waited >= kSayWaitingAfterMs) {
      reporter.Notice(texts.waiting, *holder);
      said = true;
    }
    clock.Sleep(kLockPollMs);
  }
}

void WaitForTurn(Session& session, Mutex& lock, Clock& clock, Reporter& reporter, std::int64_t longest_ms,
                 const TurnTexts& texts) {
  WaitForTurn(clock, reporter, longest_ms, texts, [&]() -> std::optional<std::string> {
    Unit unit(session);
    const bool acquired = lock.TryAcquire();
    const std::string holder = acquired ? std::string() : lock.DescribeHolder();
    unit.Commit();
    if (acquired) return std::nullopt;
    if (session.owns_transactions()) return holder;
    throw core::Error(core::sqlstate::kLockNotAvailable, texts.taken, holder,
                      "Wait for it to end, or run this as a statement of its own: outside of a transaction it waits.");
  });
}

TurnTexts RunnerTexts() {
  return {"another migration run is in progress in this database", "waiting for another migration run to end"};
}

}  // namespace headway::engine
