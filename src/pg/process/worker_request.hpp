// What a worker is asked to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/field.hpp"

namespace headway::pg {

// A verb and its arguments, in an order that the verb knows.
struct WorkerRequest {
  std::string verb;
  std::vector<Field> arguments;
};

// The members of a value on their way into the arguments of a request, or out of them in the same order: one function
// Exchange(RequestFields&, Value&) that names them all serves both.
class RequestFields {
 public:
  explicit RequestFields(std::vector<Field>& written) : written_(&written) {}
  explicit RequestFields(const std::vector<Field>& read) : read_(&read) {}

  RequestFields& operator&(Field& value);
  RequestFields& operator&(std::string& value);
  RequestFields& operator&(bool& value);
  RequestFields& operator&(int& value);
  RequestFields& operator&(Oid& value);
  RequestFields& operator&(std::int64_t& value);
  RequestFields& operator&(double& value);  // every digit of it
  RequestFields& operator&(std::optional<std::int64_t>& value);
  RequestFields& operator&(std::vector<Field>& rest);  // all that is left: the last one

 private:
  template <class Value, class ToText, class FromText>
  RequestFields& Pass(Value& value, ToText to_text, FromText from_text);

  std::vector<Field>* written_ = nullptr;
  const std::vector<Field>* read_ = nullptr;
  std::size_t at_ = 0;
};

template <class Value>
WorkerRequest MakeRequest(const char* verb, Value value) {
  WorkerRequest request{verb, {}};
  RequestFields fields(request.arguments);
  Exchange(fields, value);
  return request;
}

template <class Value>
Value ReadRequest(const WorkerRequest& request) {
  Value value;
  RequestFields fields(static_cast<const std::vector<Field>&>(request.arguments));
  Exchange(fields, value);
  return value;
}

}  // namespace headway::pg
