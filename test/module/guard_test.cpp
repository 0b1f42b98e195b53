// SQL functions that drive the guard into every corner: test/module/sql/guard.sql calls them and looks.
#include "pg/entry_point.hpp"

#include <malloc.h>

#include <stdexcept>

namespace pg = headway::pg;
namespace core = headway::core;

extern "C" {
PG_MODULE_MAGIC;
}

namespace {

int live = 0;  // how many Counted there are

// Something that must be destroyed, and that owns memory of the C++ side.
class Counted {
 public:
  Counted() : text_(1000, 'x') { ++live; }
  Counted(const Counted& other) : text_(other.text_) { ++live; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --live; }

 private:
  std::string text_;
};

// Raises an error with every field set.
void RaiseFull() {
  pg::Guarded([] {
    ereport(ERROR, (errcode(MAKE_SQLSTATE('X', 'Y', '1', '2', '3')), errmsg("the message"), errdetail("the detail"),
                    errhint("the hint"), errcontext("the context"), err_generic_string(PG_DIAG_SCHEMA_NAME, "s"),
                    err_generic_string(PG_DIAG_TABLE_NAME, "t"), err_generic_string(PG_DIAG_COLUMN_NAME, "c"),
                    err_generic_string(PG_DIAG_DATATYPE_NAME, "d"), err_generic_string(PG_DIAG_CONSTRAINT_NAME, "n"),
                    internalerrquery("SELECT bad"), internalerrposition(8)));
  });
}

void Deep(int depth) {
  const Counted counted;
  if (depth == 0) {
    RaiseFull();
  } else {
    Deep(depth - 1);
  }
}

[[noreturn]] void ThrowKind(const std::string& kind) {
  const Counted counted;
  if (kind == "bad_alloc") throw std::bad_alloc();
  if (kind == "runtime_error") throw std::runtime_error("something of the library");
  if (kind == "int") throw 42;
  if (kind == "error") throw core::Error("XY999", "our own", "its detail", "its hint");
  if (kind == "bad sqlstate") throw core::Error("ABC", "our own");
  if (kind == "no message") throw core::Error("XY999", "");
  if (kind == "too large") std::string().reserve(std::string().max_size() + 1);
  throw core::Error("22023", "unknown kind");
}

std::string TextArgument(FunctionCallInfo fcinfo, int number) {
  const char* value = pg::Guarded([&] { return text_to_cstring(DatumGetTextPP(fcinfo->args[number].value)); });
  return value;
}

Datum TextResult(const std::string& text) {
  return pg::Guarded(
      [&] { return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size()))); });
}

std::string Described(const core::ErrorReport& report) {
  return report.sqlstate + "|" + report.message + "|" + report.detail + "|" + report.hint + "|" + report.context + "|" +
         report.schema_name + "|" + report.table_name + "|" + report.column_name + "|" + report.datatype_name + "|" +
         report.constraint_name + "|" + report.internal_query + "|" + std::to_string(report.internal_position);
}

}  // namespace

// The error leaves through the entry.
HEADWAY_FUNCTION(guard_error) {
  const Counted counted;
  Deep(3);
  return 0;
}

// The error is caught here; what it says.
HEADWAY_FUNCTION(guard_caught) {
  try {
    Deep(3);
  } catch (const core::Error& error) {
    return TextResult(Described(error.report()));
  }
  return TextResult("no error");
}

// A C++ exception leaves through the entry; within a guard when `inside`.
HEADWAY_FUNCTION(guard_throw) {
  const std::string kind = TextArgument(fcinfo, 0);
  if (DatumGetBool(fcinfo->args[1].value)) {
    pg::Guarded([&] { ThrowKind(kind); });
  } else {
    ThrowKind(kind);
  }
  return 0;
}

HEADWAY_FUNCTION(guard_live) { return Int32GetDatum(live); }

// What a guard leaves as it has found it, after an error, after an exception and after neither.
HEADWAY_FUNCTION(guard_state) {
  MemoryContext context = CurrentMemoryContext;
  auto* stack = PG_exception_stack;
  auto* callbacks = error_context_stack;
  auto same = [&] {
    return CurrentMemoryContext == context && PG_exception_stack == stack && error_context_stack == callbacks;
  };
  std::string result;
  auto note = [&](const char* what) { result += std::string(what) + (same() ? " same " : " different "); };
  pg::Guarded([] { return 1; });
  note("value");
  pg::Guarded([] {});
  note("void");
  for (const char* kind : {"error", "int", "bad_alloc"}) {
    try {
      pg::Guarded([&] {
        MemoryContextSwitchTo(TopMemoryContext);
        ThrowKind(kind);
      });
    } catch (...) {
      pg::Guarded([&] { MemoryContextSwitchTo(context); });
    }
    note(kind);
  }
  try {
    pg::Guarded([] {
      MemoryContextSwitchTo(TopMemoryContext);
      elog(ERROR, "in another context");
    });
  } catch (const core::Error&) {
    note("server error");
  }
  try {
    pg::Guarded([] { pg::Guarded([] { elog(ERROR, "inner"); }); });
  } catch (const core::Error&) {
    note("nested");
  }
  return TextResult(result);
}

// Errors and exceptions of each kind, all caught here.
static void OneRound() {
  try {
    Deep(3);
  } catch (const core::Error&) {
  }
  try {
    pg::Guarded([] { ThrowKind("runtime_error"); });
  } catch (const std::exception&) {
  }
  std::optional<core::ErrorReport> failure;
  pg::Contained([] { ThrowKind("int"); }, failure);
  pg::CheckInterrupts();
}

// Many rounds: how much more memory is in use afterwards, of the server and of C++. FreeErrorData() itself leaves
// some bytes in the context where the error was caught; that one is reset.
HEADWAY_FUNCTION(guard_rounds) {
  const int rounds = DatumGetInt32(fcinfo->args[0].value);
  MemoryContext round = AllocSetContextCreate(CurrentMemoryContext, "guard round", ALLOCSET_DEFAULT_SIZES);
  MemoryContext caller = MemoryContextSwitchTo(round);
  const Size server_before = MemoryContextMemAllocated(TopMemoryContext, true);
  const std::size_t heap_before = mallinfo2().uordblks;
  for (int i = 0; i < rounds; ++i) {
    OneRound();
    MemoryContextReset(round);
  }
  const auto server = static_cast<std::int64_t>(MemoryContextMemAllocated(TopMemoryContext, true) - server_before);
  const auto heap = static_cast<std::int64_t>(mallinfo2().uordblks - heap_before);
  MemoryContextSwitchTo(caller);
  MemoryContextDelete(round);
  if (server < 65'536 && heap < 65'536) return TextResult("no growth");
  return TextResult("server +" + std::to_string(server) + ", heap +" + std::to_string(heap));
}

// All memory in use now, in bytes.
HEADWAY_FUNCTION(guard_memory) { return Int64GetDatum(static_cast<std::int64_t>(mallinfo2().uordblks)); }

// Works until it is interrupted.
HEADWAY_FUNCTION(guard_spin) {
  const Counted counted;
  for (;;) {
    pg::CheckInterrupts();
    pg::Guarded([] { pg_usleep(1000L); });
  }
  return 0;
}
