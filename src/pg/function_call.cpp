#include "pg/function_call.hpp"

#include <cmath>

#include "core/format.hpp"
#include "core/sqlstate.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"

namespace headway::pg {

namespace {

void RequireGiven(FunctionCallInfo call, int index, const char* name) {
  if (!call->args[index].isnull) return;
  throw core::Error(core::sqlstate::kNullValueNotAllowed, core::Format("argument \"%1%\" must not be null", name));
}

}  // namespace

Oid OidArgument(FunctionCallInfo call, int index, const char* name) {
  RequireGiven(call, index, name);
  return DatumGetObjectId(call->args[index].value);
}

std::string TextArgument(FunctionCallInfo call, int index, const char* name) {
  RequireGiven(call, index, name);
  return ToString(call->args[index].value);
}

std::optional<std::string> OptionalText(FunctionCallInfo call, int index) {
  if (call->args[index].isnull) return std::nullopt;
  return ToString(call->args[index].value);
}

bool BooleanArgument(FunctionCallInfo call, int index, bool when_null) {
  return call->args[index].isnull ? when_null : DatumGetBool(call->args[index].value);
}

std::optional<std::int64_t> OptionalInteger(FunctionCallInfo call, int index) {
  if (call->args[index].isnull) return std::nullopt;
  return DatumGetInt32(call->args[index].value);
}

std::optional<double> OptionalReal(FunctionCallInfo call, int index) {
  if (call->args[index].isnull) return std::nullopt;
  return DatumGetFloat4(call->args[index].value);
}

namespace {

std::int64_t MillisecondsOf(const Interval* interval, const char* name) {
  const double days = 30.0 * interval->month + interval->day;
  const double milliseconds = days * 86'400'000.0 + static_cast<double>(interval->time) / 1'000.0;
  // A hundred years; infinity is longer still.
  if (std::abs(milliseconds) > 3.2e12) {
    throw core::Error(core::sqlstate::kInvalidParameterValue, core::Format("%1% is out of range", name), {},
                      "It can be up to 100 years.");
  }
  return static_cast<std::int64_t>(milliseconds < 0 ? std::floor(milliseconds) : std::ceil(milliseconds));
}

}  // namespace

std::optional<std::int64_t> OptionalMilliseconds(FunctionCallInfo call, int index, const char* name) {
  if (call->args[index].isnull) return std::nullopt;
  return MillisecondsOf(DatumGetIntervalP(call->args[index].value), name);
}

std::optional<std::int64_t> MillisecondsOf(const std::string& text, const char* name) {
  const Interval* interval = nullptr;
  try {
    interval = Guarded([&] {
      return DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(text.c_str()),
                                                   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
    });
  } catch (const core::Error&) {
    return std::nullopt;
  }
  return MillisecondsOf(interval, name);
}

std::string CalledFunction(FunctionCallInfo call) {
  const char* name = Guarded([&] { return get_func_name(call->flinfo->fn_oid); });
  return name == nullptr ? std::string() : std::string(name);
}

std::vector<Field> ArgumentTexts(FunctionCallInfo call) {
  Oid* types = nullptr;
  int count = 0;
  Guarded([&] { return get_func_signature(call->flinfo->fn_oid, &types, &count); });
  std::vector<Field> texts;
  for (int i = 0; i < count; ++i) {
    if (call->args[i].isnull) {
      texts.emplace_back();
      continue;
    }
    const Datum value = call->args[i].value;
    const char* text = Guarded([&] {
      if (types[i] == REGCLASSOID) return psprintf("%u", DatumGetObjectId(value));
      Oid output;
      bool is_varlena;
      getTypeOutputInfo(types[i], &output, &is_varlena);
      return OidOutputFunctionCall(output, value);
    });
    texts.emplace_back(text);
  }
  return texts;
}

RowWriter::RowWriter(FunctionCallInfo call) {
  Guarded([&] {
    auto* info = reinterpret_cast<ReturnSetInfo*>(call->resultinfo);
    if (info == nullptr || !IsA(info, ReturnSetInfo) || (info->allowedModes & SFRM_Materialize) == 0) {
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("set-valued function called in context that cannot accept a set")));
    }
    TupleDesc row_type;
    if (get_call_result_type(call, nullptr, &row_type) != TYPEFUNC_COMPOSITE)
      elog(ERROR, "return type must be a row type");
    MemoryContext caller = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
    row_type = CreateTupleDescCopy(row_type);
    metadata_ = TupleDescGetAttInMetadata(row_type);
    store_ = tuplestore_begin_heap((info->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
    info->returnMode = SFRM_Materialize;
    info->setResult = store_;
    info->setDesc = row_type;
    MemoryContextSwitchTo(caller);
  });
}

void RowWriter::Put(const std::vector<Field>& fields) {
  Guarded([&] {
    auto** values = static_cast<char**>(palloc(sizeof(char*) * (fields.size() + 1)));
    for (std::size_t i = 0; i < fields.size(); ++i) {
      values[i] = fields[i] ? const_cast<char*>(fields[i]->c_str()) : nullptr;
    }
    HeapTuple tuple = BuildTupleFromCStrings(metadata_, values);
    tuplestore_puttuple(store_, tuple);
    heap_freetuple(tuple);
    pfree(values);
  });
}

}  // namespace headway::pg
