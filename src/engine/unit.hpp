// A unit of the session's that is rolled back unless it is committed.
#pragma once

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

}  // namespace headway::engine
