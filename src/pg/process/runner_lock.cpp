#include "pg/process/runner_lock.hpp"

#include <exception>

#include "core/format.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "common/hashfn.h"
}

namespace headway::pg {

namespace {

// The fourth field tells pg_advisory_lock's one-key (1) and two-key (2) forms apart; ours is neither.
constexpr std::uint16_t kTagKind = 0x4877;
constexpr std::uint16_t kJobTagKind = 0x4878;
constexpr std::uint16_t kRegistrationTagKind = 0x4879;
constexpr std::uint16_t kPlaceTagKind = 0x487A;

// REQUIRES: inside a guard, in a transaction.
void MakeTag(LOCKTAG& tag) {
  SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, get_extension_oid("pg_headway", true), 0, kTagKind);
}

LOCKTAG PlaceTag(Oid extension) {
  LOCKTAG tag;
  SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, extension, 0, kPlaceTagKind);
  return tag;
}

void MakeJobTag(LOCKTAG& tag, const std::string& name) {
  const std::uint64_t hash = DatumGetUInt64(
      hash_any_extended(reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), 0));
  SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(hash),
                       kJobTagKind);
}

// The process that holds a lock; 0: nobody does. REQUIRES: inside a guard.
template <class Test>
int HolderOf(Test&& is_it) {
  LockData* data = GetLockStatusData();
  for (int i = 0; i < data->nelements; ++i) {
    if (is_it(data->locks[i].locktag) && data->locks[i].holdMask != 0) return data->locks[i].pid;
  }
  return 0;
}

std::string DescribeHolder(int pid) {
  return pid == 0 ? std::string() : core::Format("It is run by the process %1%.", pid);
}

}  // namespace

bool IsRunnerTag(const LOCKTAG& tag) {
  return tag.locktag_type == LOCKTAG_ADVISORY && tag.locktag_field4 == kTagKind && tag.locktag_field1 == MyDatabaseId;
}

bool TryRunnerLock(bool for_session) {
  return Guarded([&] {
    LOCKTAG tag;
    MakeTag(tag);
    return LockAcquire(&tag, ExclusiveLock, for_session, true) != LOCKACQUIRE_NOT_AVAIL;
  });
}

RunnerPlace::RunnerPlace()
    : extension_(Guarded([] { return get_extension_oid("pg_headway", true); })),
      exceptions_(std::uncaught_exceptions()) {}

// After an error it goes with the transaction, by the abort that we are on the way to.
RunnerPlace::~RunnerPlace() {
  if (!held_ || std::uncaught_exceptions() != exceptions_) return;
  const LOCKTAG tag = PlaceTag(extension_);
  (void)LockRelease(&tag, ExclusiveLock, false);  // warns at most
}

bool RunnerPlace::TryTake() {
  const LOCKTAG tag = PlaceTag(extension_);
  held_ = held_ || Guarded([&] { return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL; });
  return held_;
}

// The one that runs; the one before us has no worker yet, or not any more.
std::string RunnerPlace::DescribeHolder() const { return DescribeRunner(); }

void WaitForRegistrationLock() {
  Guarded([] {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, get_extension_oid("pg_headway", true), 0, kRegistrationTagKind);
    (void)LockAcquire(&tag, ExclusiveLock, false, false);
  });
}

bool TryJobLock(const std::string& name) {
  return Guarded([&] {
    LOCKTAG tag;
    MakeJobTag(tag, name);
    return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
  });
}

JobLock::JobLock(std::string name) : name_(std::move(name)), held_(TryJobLock(name_)) {}

JobLock::~JobLock() {
  if (!held_) return;
  LOCKTAG tag;
  MakeJobTag(tag, name_);
  (void)LockRelease(&tag, ExclusiveLock, true);  // warns at most
}

std::string DescribeJobHolder(const std::string& name) {
  return DescribeHolder(Guarded([&] {
    LOCKTAG job;
    MakeJobTag(job, name);
    return HolderOf([&](const LOCKTAG& tag) { return std::memcmp(&tag, &job, sizeof(tag)) == 0; });
  }));
}

bool HoldsRunnerLock() {
  return Guarded([] {
    LOCKTAG tag;
    MakeTag(tag);
    return compat::HoldsLock(&tag, ExclusiveLock);
  });
}

std::string DescribeRunner() {
  return DescribeHolder(Guarded([] { return HolderOf(IsRunnerTag); }));
}

}  // namespace headway::pg
