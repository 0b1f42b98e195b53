// Small services of the backend: reports, sleep, time, random numbers, activity.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

// From now on notices go to the server's log: there is no client.
void SpeakToTheLog();
void ReportNotice(const std::string& message, const std::string& detail, const std::string& hint);
void ReportWarning(const std::string& message, const std::string& detail, const std::string& hint);

// Sleeps with the latch, so that a cancel ends it at once. REQUIRES: no snapshot and no lock worth waiting for is held.
void SleepMs(std::int64_t milliseconds);
std::int64_t NowMs();
// For lengths of time: a monotonic clock.
std::int64_t NowUs();
double Random();

// Ends this session at its next look for interrupts when its client has gone: a client is not missed while nobody reads
// from its socket.
void CheckClient();

}  // namespace headway::pg
