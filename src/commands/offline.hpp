// migrate_sql(): reads a plan's scripts and writes them down instead of running them.
#pragma once

#include <string>

namespace headway::server {

struct OfflineCall {
  std::string target;
  std::string direction;
  std::string version_table;
  bool single_transaction = false;
};
std::string WriteOfflineScript(const OfflineCall& call);

}  // namespace headway::server
