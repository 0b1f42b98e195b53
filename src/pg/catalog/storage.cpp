#include "pg/catalog/storage.hpp"

#include "pg/guard.hpp"
#include "pg/postgres.hpp"

namespace headway::pg {

std::uint64_t StorageOf(Oid relation) {
  return Guarded([&]() -> std::uint64_t {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple)) return 0;
    const std::uint64_t file = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relfilenode;
    ReleaseSysCache(tuple);
    return file;
  });
}

}  // namespace headway::pg
