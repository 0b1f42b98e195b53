#include "pg/process/worker_request.hpp"

#include <charconv>

namespace headway::pg {

template <class Value, class ToText, class FromText>
RequestFields& RequestFields::Pass(Value& value, ToText to_text, FromText from_text) {
  if (written_ != nullptr) {
    written_->push_back(to_text(value));
  } else {
    value = from_text(read_->at(at_++));
  }
  return *this;
}

namespace {

template <class Number>
std::string NumberText(Number number) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof(text), number).ptr};
}

}  // namespace

RequestFields& RequestFields::operator&(Field& value) {
  const auto as_it_is = [](const Field& field) { return field; };
  return Pass(value, as_it_is, as_it_is);
}

RequestFields& RequestFields::operator&(std::string& value) {
  return Pass(
      value, [](const std::string& text) { return text; }, [](const Field& field) { return field.value(); });
}

RequestFields& RequestFields::operator&(bool& value) {
  return Pass(
      value, [](bool given) { return given ? "t" : "f"; }, IsTrue);
}

RequestFields& RequestFields::operator&(int& value) {
  return Pass(value, NumberText<int>, [](const Field& field) { return static_cast<int>(ToInteger(field)); });
}

RequestFields& RequestFields::operator&(Oid& value) { return Pass(value, NumberText<Oid>, ToOid); }

RequestFields& RequestFields::operator&(std::int64_t& value) {
  return Pass(value, NumberText<std::int64_t>, ToInteger);
}

RequestFields& RequestFields::operator&(double& value) {
  return Pass(value, NumberText<double>, [](const Field& field) { return std::stod(field.value()); });
}

RequestFields& RequestFields::operator&(std::optional<std::int64_t>& value) {
  using Number = std::optional<std::int64_t>;
  return Pass(
      value, [](const Number& number) { return number ? Field(NumberText(*number)) : Field(); },
      [](const Field& field) { return field ? Number(ToInteger(field)) : Number(); });
}

RequestFields& RequestFields::operator&(std::vector<Field>& rest) {
  if (written_ != nullptr) {
    written_->insert(written_->end(), rest.begin(), rest.end());
  } else {
    rest.assign(read_->begin() + static_cast<std::ptrdiff_t>(at_), read_->end());
  }
  return *this;
}

}  // namespace headway::pg
