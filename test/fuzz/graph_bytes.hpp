// Reads a small graph and words out of fuzzer input, so that most inputs mean something.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/revision.hpp"

namespace headway::fuzz {

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  bool empty() const { return at_ == size_; }
  std::uint8_t Next() { return empty() ? 0 : data_[at_++]; }

  std::string Rest() {
    std::string rest(reinterpret_cast<const char*>(data_ + at_), size_ - at_);
    at_ = size_;
    return rest;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

// Names that share prefixes, some of them too short to have one.
inline std::string Name(std::uint8_t number) {
  static constexpr const char* kStems[] = {"ab", "abc", "abcd", "x"};
  return kStems[number % 4] + std::to_string(number / 4);
}

// Each revision takes a byte of flags and what they ask for. Anything goes: repeated ids, missing parents, cycles.
inline std::vector<core::Revision> ReadRevisions(Bytes& bytes) {
  std::vector<core::Revision> revisions;
  const std::size_t count = bytes.Next() % 48;
  for (std::size_t number = 0; number < count; ++number) {
    core::Revision revision;
    const std::uint8_t flags = bytes.Next();
    const bool tame = (flags & 0x80) == 0;  // only older parents, so that the graph has a chance to be sound
    const auto reference = [&] {
      const std::uint8_t byte = bytes.Next();
      return Name(tame && number > 0 ? static_cast<std::uint8_t>(byte % number) : byte);
    };
    revision.id = tame ? Name(static_cast<std::uint8_t>(number)) : Name(bytes.Next());
    for (int parents = number == 0 ? 0 : flags & 3; parents > 0; --parents) {
      revision.down_revisions.push_back(reference());
    }
    if ((flags & 4) != 0 && number > 0) revision.depends_on.push_back(reference());
    if ((flags & 8) != 0) revision.branch_labels.push_back("lab" + std::to_string(number));
    if ((flags & 16) != 0 && number > 1) revision.depends_on.push_back("lab" + std::to_string(number / 2));
    revisions.push_back(std::move(revision));
  }
  return revisions;
}

}  // namespace headway::fuzz
