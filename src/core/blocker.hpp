// Who is in the way of a lock, as facts and in words.
//
// The facts are the server's views', and so are their limits: of another role's session an ordinary role sees no
// state, no age, and no query.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace headway::core {

struct Blocker {
  int pid = 0;                      // 0: a prepared transaction
  std::string prepared;             // the name it was prepared with; empty when it is not known
  std::string user;                 // who owns the transaction
  std::string application;          // application_name
  std::string client;               // its address; empty: by a local socket, or none
  std::string backend_type;         // client backend, autovacuum worker, ...
  std::string state;                // idle in transaction, active, ...
  std::int64_t age_ms = -1;         // of its transaction; -1: not to be seen
  std::string mode;                 // ACCESS SHARE; empty: none of interest, it holds a snapshot
  bool waiting = false;             // it does not hold the mode, it waits for it, and those behind wait too
  std::string relation;             // schema-qualified
  std::string query;                // the beginning, on one line
  std::vector<Blocker> waited_for;  // whom it waits for itself
};

// 00:03:10, from a day on 2 days 00:03:10.
std::string DescribeAge(std::int64_t milliseconds);

// A line for each blocker, those it waits for indented below it:
//   pid 4711 (app@web, "idle in transaction" for 00:03:10) holds ACCESS SHARE on public.videos: SELECT ...
//   pid 4712 (app, "active" for 00:00:02) waits for ROW EXCLUSIVE on public.videos: UPDATE ...
//     which waits for pid 12 (...)
//   prepared transaction "x" (app, for 00:03:10) holds ROW EXCLUSIVE on public.videos
std::string DescribeBlockers(const std::vector<Blocker>& blockers);

}  // namespace headway::core
