// The names of a few types of the server, for headers that do not bring the server's own headers along: who includes
// them cannot call the server by accident. A type that the server declares otherwise does not compile in src/pg.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" {
using Oid = unsigned int;
using TransactionId = std::uint32_t;
using Datum = std::uintptr_t;
using TimestampTz = std::int64_t;
struct AttInMetadata;
struct AlterTableCmd;
struct ErrorData;
struct LOCKTAG;
struct FunctionCallInfoBaseData;
using FunctionCallInfo = FunctionCallInfoBaseData*;
struct List;
struct MemoryContextData;
struct ResourceOwnerData;
struct Tuplestorestate;
struct _SPI_plan;
using SPIPlanPtr = _SPI_plan*;
}

namespace headway::pg {

constexpr Oid kNoOid = 0;  // InvalidOid
constexpr TransactionId kNoTransaction = 0;

}  // namespace headway::pg
