// The one place that meets Boost.Format: positional templates ("%1% is not a %2%"), checked by a lint check for arity.
// Boost's header costs seconds of compile time, so only format.cpp sees it: an argument crosses as a small value.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace headway::core {

// Text, an integer or a floating-point number, converted where Format() is called. It borrows the text.
class FormatArgument {
 public:
  FormatArgument(const char* text) : FormatArgument(std::string_view(text)) {}
  FormatArgument(const std::string& text) : FormatArgument(std::string_view(text)) {}
  FormatArgument(std::string_view text) : kind_(Kind::kText), text_(text) {}
  FormatArgument(const char& letter) : FormatArgument(std::string_view(&letter, 1)) {}

  // Nothing else converts: a truth value or an enumerator has no text that everybody would expect.
  template <class Number, std::enable_if_t<std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>, int> = 0>
  FormatArgument(Number number) {
    if constexpr (std::is_floating_point_v<Number>) {
      kind_ = Kind::kFloating;
      floating_ = number;
    } else if constexpr (std::is_signed_v<Number>) {
      kind_ = Kind::kSigned;
      signed_ = number;
    } else {
      kind_ = Kind::kUnsigned;
      unsigned_ = number;
    }
  }

  // Hands the value to `visit` as the type that it has.
  template <class Visitor>
  void Visit(Visitor visit) const {
    switch (kind_) {
      case Kind::kText:
        return visit(text_);
      case Kind::kSigned:
        return visit(signed_);
      case Kind::kUnsigned:
        return visit(unsigned_);
      case Kind::kFloating:
        return visit(floating_);
    }
  }

 private:
  enum class Kind { kText, kSigned, kUnsigned, kFloating };

  Kind kind_;
  union {
    std::string_view text_;
    long long signed_;
    unsigned long long unsigned_;
    double floating_;
  };
};

std::string FormatAll(const char* pattern, std::initializer_list<FormatArgument> arguments);

// Fills a template. Throws boost::io::format_error when the number of arguments does not fit the template; the
// SQL boundary turns that into an internal error, never a crash.
template <class... Args>
std::string Format(const char* pattern, const Args&... args) {
  return FormatAll(pattern, {FormatArgument(args)...});
}

}  // namespace headway::core
