// The shared memory segment between a leader and its worker: what both have to know of it.
#pragma once

#include "core/error.hpp"
#include "pg/postgres.hpp"
#include "pg/process/worker_request.hpp"

namespace headway::pg::segment {

constexpr std::uint64_t kMagic = 0x6865616477617931;  // "headway1"
constexpr char kResultMessage = 'R';
constexpr char kErrorMessage = 'X';

enum Key : std::uint64_t { kFixed = 1, kRequest, kLibraries, kSettings, kQueue, kNotes };

// The part of the leader's identity that is not a setting.
struct FixedState {
  Oid database;
  Oid authenticated_user;
  Oid session_user;
  Oid current_role;  // InvalidOid: no SET ROLE is in force
  pid_t leader_pid;
  char client[64];  // the address of its client
  Size request_size;
  char title[128];    // of what is done, for the server's log; a detached one only
  bool detached;      // the leader does not wait: there is nobody to talk to
  bool own_settings;  // not the leader's: those of whoever logs in
};

// What the two tell each other besides the queue. Texts that are too long are cut off.
struct Notes {
  bool attached;  // by the worker: the segment is its own as well
  bool stop;      // by the leader: it is to stop, and why
  char sqlstate[6];
  char message[512];
  char detail[512];
  char hint[512];
};

// What a terminated worker says, or its leader when it can say nothing any more.
core::ErrorReport Terminated();

// The request as bytes: for each string a length (-1: NULL) and the characters.
std::string Encode(const WorkerRequest& request);
WorkerRequest Decode(const char* bytes, Size size);

}  // namespace headway::pg::segment
