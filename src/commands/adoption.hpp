// migrate_adopt(): taking over a database that Alembic has run.
#pragma once

#include "pg/guard.hpp"

namespace headway::server {

// Takes the rows of Alembic's table over into headway.version; returns how many rows of that changed.
std::int64_t Adopt(Oid version_table);

}  // namespace headway::server
