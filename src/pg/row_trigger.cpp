#include "pg/row_trigger.hpp"

#include "pg/guard.hpp"
#include "pg/postgres.hpp"

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

TupleDesc ShapeOf(FunctionCallInfo call) {
  return RelationGetDescr(reinterpret_cast<TriggerData*>(call->context)->tg_relation);
}

std::optional<std::string> ToField(const char* value) {
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

std::optional<std::string> NewRowField(FunctionCallInfo call, const char* column) {
  return ToField(Guarded([&] {
    HeapTuple row = NewRow(call);
    return SPI_getvalue(row, ShapeOf(call), SPI_fnumber(ShapeOf(call), column));
  }));
}

std::optional<std::string> OldRowField(FunctionCallInfo call, const char* column) {
  return ToField(Guarded([&]() -> char* {
    auto* data = reinterpret_cast<TriggerData*>(call->context);
    if (!TRIGGER_FIRED_BY_UPDATE(data->tg_event)) return nullptr;
    return SPI_getvalue(data->tg_trigtuple, ShapeOf(call), SPI_fnumber(ShapeOf(call), column));
  }));
}

bool IsAsBefore(FunctionCallInfo call, const char* column) {
  return OldRowField(call, column) == NewRowField(call, column);
}

Datum PassNewRow(FunctionCallInfo call, const std::vector<OidColumn>& columns) {
  return Guarded([&] {
    HeapTuple row = NewRow(call);
    for (const OidColumn& column : columns) {
      int number = SPI_fnumber(ShapeOf(call), column.name);
      if (number <= 0) elog(ERROR, "there is no column \"%s\"", column.name);
      Datum datum = ObjectIdGetDatum(column.value);
      bool is_null = false;
      row = heap_modify_tuple_by_cols(row, ShapeOf(call), 1, &number, &datum, &is_null);
    }
    return PointerGetDatum(row);
  });
}

}  // namespace headway::pg
