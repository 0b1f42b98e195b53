#include "pg/row_trigger.hpp"

extern "C" {
#include "commands/trigger.h"
#include "utils/rel.h"
}

namespace headway::pg {

namespace {

HeapTuple NewRow(FunctionCallInfo call) {
  if (!CALLED_AS_TRIGGER(call)) elog(ERROR, "must be called as a trigger");
  auto* data = reinterpret_cast<TriggerData*>(call->context);
  if (!TRIGGER_FIRED_BEFORE(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event)) {
    elog(ERROR, "must be a BEFORE ROW trigger");
  }
  return TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
}

}  // namespace

std::optional<std::string> NewRowField(FunctionCallInfo call, const char* column) {
  const char* value = Guarded([&] {
    HeapTuple row = NewRow(call);
    auto* data = reinterpret_cast<TriggerData*>(call->context);
    TupleDesc shape = RelationGetDescr(data->tg_relation);
    return SPI_getvalue(row, shape, SPI_fnumber(shape, column));
  });
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

Datum PassNewRow(FunctionCallInfo call) {
  return Guarded([&] { return PointerGetDatum(NewRow(call)); });
}

}  // namespace headway::pg
