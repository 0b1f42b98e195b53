// A set of the revisions of one graph: one byte each, so that asking and adding take constant time in every walk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace headway::core {

// The place of a revision in RevisionGraph::revisions().
using RevisionIndex = std::uint32_t;
using RevisionIndices = std::vector<RevisionIndex>;

class RevisionSet {
 public:
  explicit RevisionSet(std::size_t graph_size) : member_(graph_size, 0) {}
  RevisionSet(std::size_t graph_size, const RevisionIndices& members) : RevisionSet(graph_size) {
    for (const RevisionIndex member : members) Insert(member);
  }

  bool Contains(RevisionIndex index) const { return member_[index] != 0; }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  RevisionIndex limit() const { return static_cast<RevisionIndex>(member_.size()); }

  // Returns whether it was new.
  bool Insert(RevisionIndex index) {
    if (Contains(index)) return false;
    member_[index] = 1;
    ++size_;
    return true;
  }

  // Returns whether it was there.
  bool Erase(RevisionIndex index) {
    if (!Contains(index)) return false;
    member_[index] = 0;
    --size_;
    return true;
  }

  void InsertAll(const RevisionSet& other) {
    for (RevisionIndex index = 0; index < limit(); ++index) {
      if (other.Contains(index)) Insert(index);
    }
  }

  void EraseAll(const RevisionSet& other) {
    for (RevisionIndex index = 0; index < limit(); ++index) {
      if (other.Contains(index)) Erase(index);
    }
  }

  void KeepOnly(const RevisionSet& other) {
    for (RevisionIndex index = 0; index < limit(); ++index) {
      if (!other.Contains(index)) Erase(index);
    }
  }

  RevisionIndices members() const {
    RevisionIndices members;
    members.reserve(size_);
    for (RevisionIndex index = 0; index < limit(); ++index) {
      if (Contains(index)) members.push_back(index);
    }
    return members;
  }

 private:
  std::vector<std::uint8_t> member_;
  std::size_t size_ = 0;
};

}  // namespace headway::core
