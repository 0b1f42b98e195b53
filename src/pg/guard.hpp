// The border between C++ exceptions and the server's longjmp.
//
// Guarded(f) runs server code: an ereport(ERROR) inside it comes out as core::Error with every field kept. The
// lambda must not own anything with a destructor (a longjmp skips it) and its result must be trivially destructible.
// An error caught this way must reach the entry wrapper, or end inside a transaction or savepoint that is rolled back.
#pragma once

#include <exception>
#include <new>
#include <type_traits>

#include "core/error.hpp"
#include "core/sqlstate.hpp"
#include "pg/types.hpp"

namespace headway::pg {

// Throws the error as core::Error and frees it.
[[noreturn]] void ThrowAsException(ErrorData* error);

// A report in the server's memory, for code that must not own C++ objects any more.
ErrorData* ToErrorData(const core::ErrorReport& report, int elevel);
core::ErrorReport ToReport(const ErrorData& error);

// The SQLSTATE as five characters, and back.
std::string SqlstateText(int sqlerrcode);

// The one place where a longjmp is caught: calls body(closure) and returns the error it raised, or nullptr.
ErrorData* CatchServerError(void (*body)(void*), void* closure);

template <class Body>
auto Guarded(Body&& body) -> decltype(body()) {
  using ResultType = decltype(body());
  static_assert(std::is_void_v<ResultType> || std::is_trivially_destructible_v<ResultType>,
                "a longjmp would skip the destructor of the result");
  if constexpr (std::is_void_v<ResultType>) {
    auto call = [](void* closure) { (*static_cast<std::remove_reference_t<Body>*>(closure))(); };
    if (ErrorData* error = CatchServerError(call, &body)) ThrowAsException(error);
  } else {
    struct Closure {
      std::remove_reference_t<Body>* body;
      ResultType result;
    } closure = {&body, ResultType{}};
    auto call = [](void* raw) {
      auto* self = static_cast<Closure*>(raw);
      self->result = (*self->body)();
    };
    if (ErrorData* error = CatchServerError(call, &closure)) ThrowAsException(error);
    return closure.result;
  }
}

// Turns the position of an error in a text of ours into one that clients show with that text.
void ShowAsInternalQuery(core::ErrorReport& report, const std::string& text);

// Guarded, for a body that reads a text of ours.
template <class Body>
auto GuardedIn(const std::string& text, Body&& body) -> decltype(body()) {
  try {
    return Guarded(body);
  } catch (core::Error& error) {
    ShowAsInternalQuery(error.report(), text);
    throw;
  }
}

// Runs body and stores what it threw; false when it threw. Nothing is alive of the exception afterwards.
template <class Body>
bool Contained(Body&& body, std::optional<core::ErrorReport>& failure) {
  try {
    body();
    return true;
  } catch (const core::Error& error) {
    failure = error.report();
  } catch (const std::bad_alloc&) {
    failure.emplace();
    failure->sqlstate = core::sqlstate::kOutOfMemory;
    failure->message = "out of memory";
  } catch (const std::exception& error) {
    failure.emplace();
    failure->message = std::string("unexpected exception: ") + error.what();
  } catch (...) {
    failure.emplace();
    failure->message = "unexpected exception of an unknown type";
  }
  return false;
}

// Raises pending cancels and terminations as exceptions.
void CheckInterrupts();

}  // namespace headway::pg
