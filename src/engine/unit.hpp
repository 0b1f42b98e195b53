// A unit of the session's that is rolled back unless it is committed.
#pragma once

#include "core/error.hpp"
#include "core/sqlstate.hpp"
#include "engine/ports.hpp"

namespace headway::engine {

class Unit {
 public:
  explicit Unit(Session& session) : session_(session) { session_.Begin(); }
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;
  ~Unit() {
    if (open_) session_.Rollback();
  }
  void Commit() {
    session_.Commit();
    open_ = false;
  }

 private:
  Session& session_;
  bool open_ = true;
};

// Writes down how a run has failed, in a unit of its own. Whoever cancels once more means the run, not its record: it
// is tried again, but not for ever. Not being able to write it must not hide the failure.
template <class Body>
void RecordFailureInUnit(Session& session, Body&& body) noexcept {
  constexpr int kTries = 3;
  for (int i = 0; i < kTries; ++i) {
    try {
      Unit unit(session);
      body();
      unit.Commit();
      return;
    } catch (const core::Error& error) {
      if (!error.Is(core::sqlstate::kQueryCanceled)) return;
    } catch (...) {
      return;
    }
  }
}

}  // namespace headway::engine
