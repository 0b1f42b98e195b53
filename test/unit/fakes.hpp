// The engine's ports as fakes: a database of strings, an event log, and failures at any call.
//
// A script is statements parted by ";". How one begins says what it is:
//   "index NAME"   CREATE INDEX CONCURRENTLY, which leaves an invalid index behind when it fails
//   "vacuum ..."   cannot run in a transaction      "backfill ..."  commits by itself, and can be run again
//   "set X"        a setting of the session         "value X"       ALTER TYPE ... ADD VALUE
//   "do ..."       runs code                        anything else   a plain statement
// A statement is on the line of its number. A statement that is done is kept with the settings it ran under:
// "alter[x]". What breaks the contract of a port fails the test.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/sqlstate.hpp"
#include "core_graphs.hpp"
#include "engine/backfiller.hpp"
#include "engine/ports.hpp"

namespace headway::engine::testing {

using core::testing::Join;

// What a transaction keeps or undoes.
struct Tables {
  std::set<std::string> heads;
  std::vector<std::string> effects;
  std::set<std::string> settings;
  std::set<std::string> valid_indexes;
  std::map<std::int64_t, HistoryEntry> history;
  std::map<std::string, Progress> progress;
};

struct FakeRevision {
  core::Revision revision;
  std::string upgrade;
  std::optional<std::string> downgrade;
  std::string role_at_risk;
};

inline bool Begins(const std::string& text, const std::string& beginning) { return text.rfind(beginning, 0) == 0; }

inline core::Statement ParseStatement(const std::string& text, int line) {
  core::Statement statement;
  statement.text = text;
  statement.line = line;
  const std::string rest = text.substr(text.find(' ') + 1);
  if (Begins(text, "index ")) {
    statement.kind = core::StatementClass::kConcurrently;
    statement.object.name = rest;
  }
  if (Begins(text, "vacuum")) statement.kind = core::StatementClass::kTopLevel;
  if (Begins(text, "backfill")) statement.kind = core::StatementClass::kOwnTransactions;
  if (Begins(text, "value ")) {
    statement.object.name = "mood";
    statement.actions.push_back({core::ActionKind::kAddValue, rest, {}, {}, {}, {}});
  }
  statement.session_setting = Begins(text, "set ");
  statement.runs_code = Begins(text, "do");
  return statement;
}

inline core::Script ParseScript(const std::string& text) {
  core::Script script;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(';', at), text.size());
    script.statements.push_back(
        ParseStatement(text.substr(at, end - at), static_cast<int>(script.statements.size()) + 1));
    at = end + 1;
  }
  return script;
}

// Which SQLSTATE a call fails with; nullptr: it does not. `number` counts the calls of all ports from 0.
using Fault = std::function<const char*(int number, const std::string& event)>;

inline Fault FailNth(int number, const char* sqlstate) {
  return [=](int call, const std::string&) { return call == number ? sqlstate : nullptr; };
}

inline Fault FailFrom(int number, const char* sqlstate) {
  return [=](int call, const std::string&) { return call >= number ? sqlstate : nullptr; };
}

// The first `times` calls of this event.
inline Fault FailOn(std::string wanted, const char* sqlstate, int times = 1) {
  auto left = std::make_shared<int>(times);
  return [=](int, const std::string& event) { return event == wanted && (*left)-- > 0 ? sqlstate : nullptr; };
}

class World {
 public:
  std::map<std::string, FakeRevision> revisions;
  Tables committed;
  Tables open_unit;  // of the unit that is open
  bool unit_is_open = false;
  std::set<std::string> invalid_indexes;      // no transaction undoes them
  std::map<std::string, std::int64_t> takes;  // milliseconds, by event
  std::int64_t now_ms = 1'000'000;
  double chance = 0.5;
  std::function<LockOutcome(const std::string& statement)> hover;  // none: every lock is free
  std::string held_too_long;                                       // what is said when a cancel is because of that
  std::string blockers;                                            // what is said of them
  bool somebody_waits = false;                                     // for what the open unit has changed
  int busy_tries = 0;                                              // of the runner lock
  Fault fault;
  std::vector<std::string> events;
  std::vector<std::string> said;  // notices: "message / detail / hint"
  int calls = 0;

  // "b <- a" with its scripts; no downgrade: irreversible.
  FakeRevision& Add(const std::string& line, const std::string& upgrade,
                    std::optional<std::string> downgrade = std::nullopt) {
    FakeRevision fake;
    fake.revision = core::testing::ParseRevision(line);
    fake.upgrade = upgrade;
    fake.downgrade = std::move(downgrade);
    return revisions[fake.revision.id] = fake;
  }

  // Every call of a port comes through here first.
  void Call(const std::string& event) {
    events.push_back(event);
    Count(event);
  }

  // One that is not worth a line in the log.
  void Count(const std::string& event) {
    const auto duration = takes.find(event);
    if (duration != takes.end()) now_ms += duration->second;
    const char* sqlstate = fault ? fault(calls, event) : nullptr;
    ++calls;
    if (sqlstate != nullptr) throw core::Error(sqlstate, "injected at " + event);
  }

  void RequireUnit(bool open, const char* call) const {
    EXPECT_EQ(unit_is_open, open) << call << (open ? " needs a unit" : " must have no unit open");
  }

  void BeginUnit() {
    RequireUnit(false, "Begin");
    open_unit = committed;
    unit_is_open = true;
  }

  void CommitUnit() {
    RequireUnit(true, "Commit");
    committed = open_unit;
    unit_is_open = false;
  }

  void RollbackUnit() {
    if (unit_is_open) events.emplace_back("rollback");
    unit_is_open = false;
  }

  void RunInUnit(const core::Statement& statement) {
    if (statement.session_setting) {
      open_unit.settings.insert(statement.text.substr(4));
    } else {
      const std::string settings = open_unit.settings.empty() ? "" : "[" + Join(open_unit.settings) + "]";
      open_unit.effects.push_back(statement.text + settings);
    }
  }

  // The log so far, a line each, and begins a new one.
  std::string TakeTrace() {
    std::string trace;
    for (const std::string& event : events) trace += event + "\n";
    events.clear();
    return trace;
  }

  // "upgrade a done", in the order of the rows.
  std::vector<std::string> History() const {
    std::vector<std::string> rows;
    for (const auto& [id, entry] : committed.history) {
      rows.push_back(entry.direction + " " + entry.revision + " " + entry.result);
    }
    return rows;
  }
};

class FakeSession : public Session {
 public:
  FakeSession(World& world, bool owns_transactions) : world_(world), owns_(owns_transactions) {
    world_.committed.settings.clear();  // a session of its own
  }

  bool owns_transactions() const override { return owns_; }
  std::string CommitPolicy() const override { return "the promise"; }
  core::Surroundings WhyThisMode() const override { return {"the reason", "the remedy", false}; }

  void Begin() override {
    world_.Call("begin");
    world_.BeginUnit();
  }

  void Commit() override {
    world_.RequireUnit(true, "Commit");
    EXPECT_FALSE(in_script_) << "a script is still open";
    world_.Call("commit");
    world_.CommitUnit();
  }

  void Rollback() override {
    world_.RollbackUnit();
    in_script_ = false;
  }

  void Enter(const std::string& script) override { world_.Call("enter " + script); }

  LockOutcome Hover(const core::Statement& statement, std::int64_t hover_ms) override {
    world_.RequireUnit(true, "Hover");
    world_.Call("hover " + statement.text + ", " + std::to_string(hover_ms));
    return world_.hover ? world_.hover(statement.text) : LockOutcome::kTaken;
  }

  std::string DescribeBlockers() override {
    world_.RequireUnit(true, "DescribeBlockers");
    world_.Call("blockers");
    return world_.blockers;
  }

  std::string HeldTooLong() override { return world_.held_too_long; }

  bool SomebodyWaits() override {
    world_.RequireUnit(true, "SomebodyWaits");
    return world_.somebody_waits;
  }

  void BeginScript(std::int64_t lock_timeout_ms) override {
    world_.RequireUnit(true, "BeginScript");
    world_.Call("begin script, lock timeout " + std::to_string(lock_timeout_ms));
    settings_before_ = world_.open_unit.settings;
    in_script_ = true;
  }

  void RunStatement(const core::Statement& statement) override {
    EXPECT_TRUE(in_script_) << "RunStatement needs a script";
    world_.RequireUnit(true, "RunStatement");
    world_.Call("run " + statement.text);
    world_.RunInUnit(statement);
  }

  void EndScript() override {
    world_.Call("end script");
    world_.open_unit.settings = settings_before_;
    in_script_ = false;
  }

  void RunTopLevel(const core::Statement& statement, std::int64_t lock_timeout_ms) override {
    EXPECT_TRUE(owns_) << "RunTopLevel needs transactions of its own";
    world_.RequireUnit(false, "RunTopLevel");
    if (!statement.object.name.empty()) BeginIndex(statement.object.name);
    if (statement.kind == core::StatementClass::kOwnTransactions) RunByItself(statement);
    world_.BeginUnit();
    world_.Call("top " + statement.text + ", lock timeout " + std::to_string(lock_timeout_ms));
    if (!statement.object.name.empty()) world_.open_unit.valid_indexes.insert(statement.object.name);
    if (statement.kind != core::StatementClass::kOwnTransactions) world_.RunInUnit(statement);
  }

  void ResetState() override {
    EXPECT_TRUE(owns_);
    world_.RequireUnit(false, "ResetState");
    world_.Call("reset");
    world_.committed.settings.clear();
  }

  std::vector<std::string> DropInvalidIndexes(const core::Statement& statement) override {
    EXPECT_TRUE(owns_);
    world_.RequireUnit(false, "DropInvalidIndexes");
    world_.Call("drop invalid " + statement.object.name);
    if (world_.committed.valid_indexes.count(statement.object.name) != 0) return {};
    if (world_.invalid_indexes.erase(statement.object.name) == 0) return {};
    return {statement.object.name};
  }

  void RequireLockSpace() override { world_.Call("lock space"); }

 private:
  // The catalog row is committed long before the index is valid.
  void BeginIndex(const std::string& name) {
    if (!world_.invalid_indexes.insert(name).second) throw core::Error("42P07", "index exists");
  }

  void RunByItself(const core::Statement& statement) {
    std::vector<std::string>& effects = world_.committed.effects;
    if (std::find(effects.begin(), effects.end(), statement.text) == effects.end()) effects.push_back(statement.text);
  }

  World& world_;
  bool owns_;
  bool in_script_ = false;
  std::set<std::string> settings_before_;
};

class FakeStore : public RevisionStore {
 public:
  explicit FakeStore(World& world) : world_(world) {}

  std::vector<core::Revision> LoadRevisions() override {
    Enter("load revisions");
    std::vector<core::Revision> revisions;
    for (const auto& [id, fake] : world_.revisions) revisions.push_back(fake.revision);
    return revisions;
  }

  core::Heads LoadHeads() override {
    Enter("load heads");
    return {world_.open_unit.heads.begin(), world_.open_unit.heads.end()};
  }

  std::vector<StepFacts> LoadFacts(const std::vector<std::string>& revisions) override {
    Enter("load facts " + Join(revisions));
    std::vector<StepFacts> all;
    for (const std::string& id : revisions) {
      const FakeRevision& fake = world_.revisions.at(id);
      StepFacts facts;
      facts.revision = id;
      facts.reversible = fake.downgrade.has_value();
      facts.upgrade_in_transaction = RunsInTransaction(id, core::Direction::kUpgrade, fake.upgrade);
      facts.downgrade_in_transaction = RunsInTransaction(id, core::Direction::kDowngrade, fake.downgrade.value_or(""));
      facts.role_at_risk = fake.role_at_risk;
      facts.is_current_user_at_risk = true;
      facts.registered_by = "mallory";
      all.push_back(facts);
    }
    return all;
  }

  std::string LoadScript(const std::string& revision, core::Direction direction) override {
    const bool up = direction == core::Direction::kUpgrade;
    Enter("load " + Key(revision, direction));
    return up ? world_.revisions.at(revision).upgrade : world_.revisions.at(revision).downgrade.value();
  }

  void ChangeHeads(const core::Heads& removed, const core::Heads& added) override {
    Enter("heads -" + Join(removed) + " +" + Join(added));
    std::set<std::string>& heads = world_.open_unit.heads;
    for (const std::string& head : removed) EXPECT_EQ(heads.erase(head), 1u) << head << " is no row";
    for (const std::string& head : added) EXPECT_TRUE(heads.insert(head).second) << head << " is a row";
  }

  void StampHeads(const core::Heads& removed, const core::Heads& added) override { ChangeHeads(removed, added); }

  void RequireMirrorInStep(const core::Heads& heads) override {
    Enter("mirror in step");
    EXPECT_EQ(std::set<std::string>(heads.begin(), heads.end()), world_.open_unit.heads);
  }

  std::int64_t Record(const HistoryEntry& entry) override {
    Enter("record " + entry.direction + " " + entry.revision + " " + entry.result);
    std::map<std::int64_t, HistoryEntry>& history = world_.open_unit.history;
    const std::int64_t id = entry.id != 0 ? entry.id : static_cast<std::int64_t>(history.size()) + 1;
    EXPECT_EQ(history.count(id), entry.id != 0 ? 1u : 0u);
    history[id] = entry;
    return id;
  }

  void CloseInterrupted() override {
    Enter("close interrupted");
    for (auto& [id, entry] : world_.open_unit.history) {
      if (entry.result == "running") entry.result = "interrupted";
    }
  }

  std::optional<Progress> LoadProgress(const std::string& revision, core::Direction direction) override {
    Enter("load progress");
    const auto found = world_.open_unit.progress.find(Key(revision, direction));
    if (found == world_.open_unit.progress.end()) return std::nullopt;
    return found->second;
  }

  void SaveProgress(const std::string& revision, core::Direction direction, const Progress& progress) override {
    Enter("save progress " + std::to_string(progress.statements_done));
    world_.open_unit.progress[Key(revision, direction)] = progress;
  }

  void DeleteProgress(const std::string& revision, core::Direction direction) override {
    Enter("delete progress");
    EXPECT_EQ(world_.open_unit.progress.erase(Key(revision, direction)), 1u);
  }

  // What has stopped in the middle does not.
  bool RunsInTransaction(const std::string& revision, core::Direction direction, const std::string& script) {
    return ParseScript(script).transactional() && world_.open_unit.progress.count(Key(revision, direction)) == 0;
  }

  static std::string Key(const std::string& revision, core::Direction direction) {
    return (direction == core::Direction::kUpgrade ? "upgrade of " : "downgrade of ") + revision;
  }

 private:
  void Enter(const std::string& event) {
    world_.RequireUnit(true, event.c_str());
    world_.Call(event);
  }

  World& world_;
};

class FakeReader : public ScriptReader {
 public:
  explicit FakeReader(World& world) : world_(world) {}

  core::Script Read(const std::string& text, const std::string& what) override {
    Enter("parse " + what);
    return ParseScript(text);
  }

  // As with parse trees, white space does not count.
  std::int64_t CountEqual(const std::string& left, const std::string& right) override {
    Enter("count equal statements");
    const std::vector<core::Statement> one = ParseScript(left).statements;
    const std::vector<core::Statement> other = ParseScript(right).statements;
    std::size_t count = 0;
    while (count < one.size() && count < other.size() &&
           WithoutSpaces(one[count].text) == WithoutSpaces(other[count].text)) {
      ++count;
    }
    return static_cast<std::int64_t>(count);
  }

  bool UsesEnumValue(const std::string& statement, const core::ObjectName& type, const std::string& value) override {
    Enter("uses " + value);
    return statement.find("'" + value + "'::" + type.name) != std::string::npos;
  }

 private:
  void Enter(const std::string& event) {
    world_.RequireUnit(true, event.c_str());
    world_.Call(event);
  }

  static std::string WithoutSpaces(std::string text) {
    text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
    return text;
  }

  World& world_;
};

class FakeLock : public Mutex {
 public:
  explicit FakeLock(World& world) : world_(world) {}

  bool TryAcquire() override {
    world_.RequireUnit(true, "TryAcquire");
    world_.Call("lock");
    if (world_.busy_tries == 0) return true;
    --world_.busy_tries;
    return false;
  }

  std::string DescribeHolder() override {
    world_.RequireUnit(true, "DescribeHolder");
    world_.Call("describe holder");
    return "the holder";
  }

 private:
  World& world_;
};

class FakeClock : public Clock {
 public:
  explicit FakeClock(World& world) : world_(world) {}

  std::int64_t NowMs() override {
    world_.Count("now");
    return world_.now_ms;
  }
  std::int64_t NowUs() override { return NowMs() * 1'000; }

  void Sleep(std::int64_t milliseconds) override {
    world_.RequireUnit(false, "Sleep");
    world_.Call("sleep " + std::to_string(milliseconds));
    world_.now_ms += milliseconds;
  }

  double Random() override {
    world_.Count("chance");
    return world_.chance;
  }

 private:
  World& world_;
};

class FakeReporter : public Reporter {
 public:
  explicit FakeReporter(World& world) : world_(world) {}

  void Notice(const std::string& message, const std::string& detail, const std::string& hint) override {
    world_.Count("notice");
    world_.said.push_back(message + (detail.empty() ? "" : " / " + detail) + (hint.empty() ? "" : " / " + hint));
  }

  void Activity(const std::string&) override { world_.Count("activity"); }

 private:
  World& world_;
};

// All ports of one session: a worker, or a call in a transaction of the caller.
struct FakePorts {
  FakePorts(World& world, bool owns_transactions)
      : session(world, owns_transactions), store(world), reader(world), lock(world), clock(world), reporter(world) {}

  Ports ports() { return {session, store, reader, lock, clock, reporter}; }

  FakeSession session;
  FakeStore store;
  FakeReader reader;
  FakeLock lock;
  FakeClock clock;
  FakeReporter reporter;
};

}  // namespace headway::engine::testing
