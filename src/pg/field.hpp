// A value as text, as queries return it and requests of workers carry it.
#pragma once

#include "pg/types.hpp"

namespace headway::pg {

using Field = std::optional<std::string>;

// What is in it. It must not be NULL, which to IsTrue() is false.
inline bool IsTrue(const Field& field) { return field == "t"; }
inline std::int64_t ToInteger(const Field& field) { return std::stoll(field.value()); }
inline Oid ToOid(const Field& field) { return static_cast<Oid>(std::stoul(field.value())); }

}  // namespace headway::pg
