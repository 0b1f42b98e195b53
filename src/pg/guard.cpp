#include "pg/guard.hpp"

#include "pg/postgres.hpp"

#include <exception>

namespace headway::pg {

namespace {

std::string Text(const char* value) { return value == nullptr ? std::string() : std::string(value); }

char* Copy(const std::string& value) {
  return value.empty() ? nullptr : MemoryContextStrdup(CurrentMemoryContext, value.c_str());
}

int SqlstateNumber(const std::string& state) {
  if (state.size() != 5) return ERRCODE_INTERNAL_ERROR;
  return MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4]);
}

}  // namespace

std::string SqlstateText(int sqlerrcode) { return unpack_sql_state(sqlerrcode); }

ErrorData* CatchServerError(void (*body)(void*), void* closure) {
  MemoryContext context = CurrentMemoryContext;
  ErrorData* volatile error = nullptr;
  std::exception_ptr exception;
  PG_TRY();
  {
    // The context of what is outside is added when the entry wrapper raises the error: not here as well.
    error_context_stack = nullptr;
    // An exception must not fly through PG_TRY: the server's next error would jump into this dead frame.
    try {
      body(closure);
    } catch (...) {
      exception = std::current_exception();
    }
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    error = CopyErrorData();
    FlushErrorState();
  }
  PG_END_TRY();
  if (exception) std::rethrow_exception(exception);
  return error;
}

core::ErrorReport ToReport(const ErrorData& error) {
  core::ErrorReport report;
  report.sqlstate = SqlstateText(error.sqlerrcode);
  report.message = Text(error.message);
  report.detail = Text(error.detail);
  report.hint = Text(error.hint);
  report.context = Text(error.context);
  report.schema_name = Text(error.schema_name);
  report.table_name = Text(error.table_name);
  report.column_name = Text(error.column_name);
  report.datatype_name = Text(error.datatype_name);
  report.constraint_name = Text(error.constraint_name);
  report.cursor_position = error.cursorpos;
  report.internal_position = error.internalpos;
  report.internal_query = Text(error.internalquery);
  return report;
}

void ThrowAsException(ErrorData* error) {
  core::ErrorReport report = ToReport(*error);
  FreeErrorData(error);
  throw core::Error(std::move(report));
}

ErrorData* ToErrorData(const core::ErrorReport& report, int elevel) {
  auto* error = static_cast<ErrorData*>(palloc0(sizeof(ErrorData)));
  error->elevel = elevel;
  error->sqlerrcode = SqlstateNumber(report.sqlstate);
  error->message = Copy(report.message.empty() ? std::string("unknown error") : report.message);
  error->detail = Copy(report.detail);
  error->hint = Copy(report.hint);
  error->context = Copy(report.context);
  error->schema_name = Copy(report.schema_name);
  error->table_name = Copy(report.table_name);
  error->column_name = Copy(report.column_name);
  error->datatype_name = Copy(report.datatype_name);
  error->constraint_name = Copy(report.constraint_name);
  error->cursorpos = report.cursor_position;
  error->internalpos = report.internal_position;
  error->internalquery = Copy(report.internal_query);
  error->assoc_context = CurrentMemoryContext;
  return error;
}

void CheckInterrupts() {
  if (INTERRUPTS_PENDING_CONDITION()) Guarded([] { CHECK_FOR_INTERRUPTS(); });
}

// A position in the client's query means nothing when the statement is not the client's.
void ShowAsInternalQuery(core::ErrorReport& report, const std::string& text) {
  if (report.cursor_position == 0 || !report.internal_query.empty()) return;
  report.internal_query = text;
  report.internal_position = report.cursor_position;
  report.cursor_position = 0;
}

}  // namespace headway::pg
