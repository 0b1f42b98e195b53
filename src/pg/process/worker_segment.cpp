#include "pg/process/worker_segment.hpp"

#include "core/error.hpp"
#include "core/sqlstate.hpp"
#include "pg/postgres.hpp"

namespace headway::pg::segment {

namespace {

void PutString(std::string& bytes, const std::optional<std::string>& value) {
  const std::int32_t length = value ? static_cast<std::int32_t>(value->size()) : -1;
  bytes.append(reinterpret_cast<const char*>(&length), sizeof(length));
  if (value) bytes += *value;
}

std::optional<std::string> TakeString(const char*& at) {
  std::int32_t length;
  std::memcpy(&length, at, sizeof(length));
  at += sizeof(length);
  if (length < 0) return std::nullopt;
  std::string value(at, static_cast<std::size_t>(length));
  at += length;
  return value;
}

}  // namespace

core::ErrorReport Terminated() {
  core::ErrorReport report;
  report.sqlstate = core::sqlstate::kAdminShutdown;
  report.message = "the migration worker was terminated before it was done";
  report.detail = "Its open transaction has been rolled back; what it had committed stays.";
  report.hint = "See the server's log for the reason, then run it again: it goes on where it stopped.";
  return report;
}

std::string Encode(const WorkerRequest& request) {
  std::string bytes;
  PutString(bytes, request.verb);
  for (const auto& argument : request.arguments) PutString(bytes, argument);
  return bytes;
}

WorkerRequest Decode(const char* bytes, Size size) {
  WorkerRequest request;
  const char* at = bytes;
  request.verb = *TakeString(at);
  while (at < bytes + size) request.arguments.push_back(TakeString(at));
  return request;
}

}  // namespace headway::pg::segment
