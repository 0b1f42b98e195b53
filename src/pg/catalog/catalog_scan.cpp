#include "pg/catalog/catalog_scan.hpp"

namespace headway::pg {

ScanKeyData IsOid(AttrNumber column, Oid value) {
  ScanKeyData key;
  ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(value));
  return key;
}

ScanKeyData IsNumber(AttrNumber column, std::int32_t value) {
  ScanKeyData key;
  ScanKeyInit(&key, column, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(value));
  return key;
}

ScanKeyData IsLetter(AttrNumber column, char value) {
  ScanKeyData key;
  ScanKeyInit(&key, column, BTEqualStrategyNumber, F_CHAREQ, CharGetDatum(value));
  return key;
}

}  // namespace headway::pg
