#include "core/blocker.hpp"

#include <gtest/gtest.h>

namespace {

using headway::core::Blocker;
using headway::core::DescribeAge;
using headway::core::DescribeBlockers;

Blocker Session(int pid) {
  Blocker blocker;
  blocker.pid = pid;
  blocker.user = "app";
  blocker.application = "web";
  blocker.backend_type = "client backend";
  blocker.state = "idle in transaction";
  blocker.age_ms = 190'000;
  blocker.mode = "ACCESS SHARE";
  blocker.relation = "public.videos";
  blocker.query = "SELECT 1";
  return blocker;
}

TEST(Blockers, NoneIsNothing) { EXPECT_EQ(DescribeBlockers({}), ""); }

TEST(Blockers, ASession) {
  EXPECT_EQ(DescribeBlockers({Session(4711)}),
            "pid 4711 (app@web, \"idle in transaction\" for 00:03:10) holds ACCESS SHARE on public.videos: SELECT 1");
}

TEST(Blockers, ASessionFromAnAddressWithoutApplication) {
  Blocker blocker = Session(1);
  blocker.application.clear();
  blocker.client = "10.0.0.7";
  blocker.query.clear();
  EXPECT_EQ(DescribeBlockers({blocker}),
            "pid 1 (app from 10.0.0.7, \"idle in transaction\" for 00:03:10) holds ACCESS SHARE on public.videos");
}

TEST(Blockers, WhatMayNotBeSeenIsLeftOut) {
  Blocker blocker = Session(1);
  blocker.state.clear();
  blocker.age_ms = -1;
  blocker.query = "<insufficient privilege>";
  EXPECT_EQ(DescribeBlockers({blocker}),
            "pid 1 (app@web) holds ACCESS SHARE on public.videos: <insufficient privilege>");
}

TEST(Blockers, NothingKnownButThePid) {
  Blocker blocker;
  blocker.pid = 5;
  EXPECT_EQ(DescribeBlockers({blocker}), "pid 5");
}

TEST(Blockers, Autovacuum) {
  Blocker blocker = Session(99);
  blocker.user.clear();
  blocker.application.clear();
  blocker.backend_type = "autovacuum worker";
  blocker.state = "active";
  blocker.mode = "SHARE UPDATE EXCLUSIVE";
  blocker.query = "autovacuum: VACUUM public.videos";
  EXPECT_EQ(DescribeBlockers({blocker}),
            "pid 99 (autovacuum worker, \"active\" for 00:03:10) holds SHARE UPDATE EXCLUSIVE on public.videos: "
            "autovacuum: VACUUM public.videos");
}

TEST(Blockers, APreparedTransaction) {
  Blocker blocker;
  blocker.prepared = "x";
  blocker.user = "app";
  blocker.age_ms = 190'000;
  blocker.mode = "ROW EXCLUSIVE";
  blocker.relation = "public.videos";
  EXPECT_EQ(DescribeBlockers({blocker}),
            "prepared transaction \"x\" (app, for 00:03:10) holds ROW EXCLUSIVE on public.videos");
  blocker.prepared.clear();
  EXPECT_EQ(DescribeBlockers({blocker}),
            "a prepared transaction (app, for 00:03:10) holds ROW EXCLUSIVE on public.videos");
}

TEST(Blockers, WhoQueuesAheadAndWhomItWaitsFor) {
  Blocker last = Session(12);
  Blocker middle = Session(11);
  middle.mode.clear();
  middle.relation.clear();
  middle.waited_for = {last};
  Blocker first = Session(10);
  first.waiting = true;
  first.mode = "ACCESS EXCLUSIVE";
  first.waited_for = {middle};
  EXPECT_EQ(DescribeBlockers({first, Session(20)}),
            "pid 10 (app@web, \"idle in transaction\" for 00:03:10) waits for ACCESS EXCLUSIVE on public.videos: "
            "SELECT 1\n"
            "  which waits for pid 11 (app@web, \"idle in transaction\" for 00:03:10): SELECT 1\n"
            "    which waits for pid 12 (app@web, \"idle in transaction\" for 00:03:10) holds ACCESS SHARE on "
            "public.videos: SELECT 1\n"
            "pid 20 (app@web, \"idle in transaction\" for 00:03:10) holds ACCESS SHARE on public.videos: SELECT 1");
}

TEST(Blockers, TextOfOthersIsNoTemplate) {
  Blocker blocker = Session(1);
  blocker.query = "SELECT '%1% %2%'";
  blocker.application = "100%";
  EXPECT_EQ(
      DescribeBlockers({blocker}),
      "pid 1 (app@100%, \"idle in transaction\" for 00:03:10) holds ACCESS SHARE on public.videos: SELECT '%1% %2%'");
}

TEST(Blockers, Ages) {
  EXPECT_EQ(DescribeAge(0), "00:00:00");
  EXPECT_EQ(DescribeAge(999), "00:00:00");
  EXPECT_EQ(DescribeAge(59'999), "00:00:59");
  EXPECT_EQ(DescribeAge(3'600'000), "01:00:00");
  EXPECT_EQ(DescribeAge(86'399'000), "23:59:59");
  EXPECT_EQ(DescribeAge(86'400'000), "1 day 00:00:00");
  EXPECT_EQ(DescribeAge(2 * 86'400'000 + 61'000), "2 days 00:01:01");
  EXPECT_EQ(DescribeAge(-5), "00:00:00");
}

}  // namespace
