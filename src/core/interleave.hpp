// Which rows of a window are updated in which pass. Pure.
//
// A row that is updated needs room for its new version; the old one keeps its own until it is committed and pruned. So
// a window of pages is visited several times, a share of each page's rows at a time, with a commit between: the room
// that one pass frees is what the next one needs, and the new versions stay on their pages as HOT updates. The first
// pass has no room before it, so its rows leave their pages; but a larger first share lets all that follow fit, though
// new versions may be longer than old ones.
#pragma once

#include <cstdint>
#include <string_view>

namespace headway::core {

inline constexpr int kMostPasses = 16;

// What is known of the pages of a window.
struct PageRoom {
  double rows = 0;        // rows to update on a page, on average
  double row_bytes = 0;   // of one of them, with its line pointer
  double free_bytes = 0;  // on a page
};

// How many passes; 1: the new versions fit beside the old ones, or every row is on a page of its own.
int PassesFor(const PageRoom& room);

// The pass of a row by its key, in [0, passes). It depends on nothing else, so that whoever goes on after a crash
// knows which rows are done. Neighbours in key order, which are neighbours on a page, come into different passes.
int PassOfKey(std::string_view key, int passes);
// ... and by its place among the rows of its page.
int PassOfPlace(std::int64_t place, std::int64_t rows_of_page, int passes);

}  // namespace headway::core
