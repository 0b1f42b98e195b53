#include "core/blocker.hpp"

#include "core/format.hpp"

namespace headway::core {
namespace {

std::string TwoDigits(std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

void AppendPart(std::string& text, const std::string& separator, const std::string& part) {
  if (!part.empty()) text += (text.empty() ? "" : separator) + part;
}

// app@web: the role and the application. What serves no client is called by its kind.
std::string WhoIs(const Blocker& blocker) {
  const bool client = blocker.backend_type.empty() || blocker.backend_type == "client backend";
  if (!client) return blocker.backend_type;
  std::string who = blocker.user;
  AppendPart(who, "@", blocker.application);
  AppendPart(who, " from ", blocker.client);
  return who;
}

std::string StateAndAge(const Blocker& blocker) {
  std::string text = blocker.state.empty() ? "" : "\"" + blocker.state + "\"";
  if (blocker.age_ms >= 0) AppendPart(text, " ", "for " + DescribeAge(blocker.age_ms));
  return text;
}

std::string Name(const Blocker& blocker) {
  if (blocker.pid != 0) return Format("pid %1%", blocker.pid);
  if (blocker.prepared.empty()) return "a prepared transaction";
  return Format("prepared transaction \"%1%\"", blocker.prepared);
}

std::string DescribeOne(const Blocker& blocker) {
  std::string text = Name(blocker);
  std::string about = WhoIs(blocker);
  AppendPart(about, ", ", StateAndAge(blocker));
  if (!about.empty()) text += Format(" (%1%)", about);
  if (!blocker.mode.empty()) {
    text += Format(" %1% %2% on %3%", blocker.waiting ? "waits for" : "holds", blocker.mode, blocker.relation);
  }
  if (!blocker.query.empty()) text += ": " + blocker.query;
  return text;
}

void Append(std::string& text, const std::vector<Blocker>& blockers, const std::string& indent,
            const std::string& beginning) {
  for (const Blocker& blocker : blockers) {
    AppendPart(text, "\n", indent + beginning + DescribeOne(blocker));
    Append(text, blocker.waited_for, indent + "  ", "which waits for ");
  }
}

}  // namespace

std::string DescribeAge(std::int64_t milliseconds) {
  constexpr std::int64_t kDay = 24 * 60 * 60;
  const std::int64_t seconds = milliseconds < 0 ? 0 : milliseconds / 1000;
  const std::int64_t days = seconds / kDay;
  const std::int64_t rest = seconds % kDay;
  std::string text;
  if (days > 0) text = std::to_string(days) + (days == 1 ? " day " : " days ");
  return text + TwoDigits(rest / 3600) + ":" + TwoDigits(rest / 60 % 60) + ":" + TwoDigits(rest % 60);
}

std::string DescribeBlockers(const std::vector<Blocker>& blockers) {
  std::string text;
  Append(text, blockers, "", "");
  return text;
}

}  // namespace headway::core
