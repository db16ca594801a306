#include "audit/tile.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace kedge {
namespace {

TEST(TilePath, IsAsTheLayoutSays) {
  EXPECT_EQ(path_of({0, 0, 256}), "tile/0/000");
  EXPECT_EQ(path_of({0, 1234067, 256}), "tile/0/x001/x234/067");
  EXPECT_EQ(path_of({1, 999, 17}), "tile/1/999.p/17");
  EXPECT_EQ(path_of({2, 1000, 1}), "tile/2/x001/000.p/1");
  EXPECT_EQ(path_of({std::nullopt, 5, 256}), "tile/entries/005");
  EXPECT_EQ(path_of({std::nullopt, 273, 112}), "tile/entries/273.p/112");
}

TEST(TilePath, IsReadBackAsItWasWritten) {
  for (const uint64_t index : {0ULL, 7ULL, 999ULL, 1000ULL, 999999ULL, 1000000ULL, 36028797018963967ULL}) {
    for (const unsigned width : {1U, 255U, 256U}) {
      for (const std::optional<unsigned> level : {std::optional<unsigned>{}, {0U}, {7U}}) {
        const TilePlace place{level, index, width};
        const auto read = parse_tile_path(path_of(place));
        ASSERT_TRUE(read.ok()) << path_of(place);
        EXPECT_EQ(*read, place);
      }
    }
  }
}

TEST(TilePath, HasNoOtherSpelling) {
  for (const char* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "tile/0/0",
                           "tile/0/00",
                           "tile/0/0000",
                           "tile/00/000",
                           "tile/8/000",
                           "tile/-1/000",
                           "tile/+1/000",
                           "tile/0/x000/000",
                           "tile/0/x001000",
                           "tile/0/001/000",
                           "tile/0/x001/x000",
                           "tile/0/000.p",
                           "tile/0/000.p/",
                           "tile/0/000.p/0",
                           "tile/0/000.p/256",
                           "tile/0/000.p/01",
                           "tile/0/000/",
                           "tile/0/000.p/1/",
                           "/tile/0/000",
                           "tile/entry/000",
                           "tile/0/x999/x999/x999/x999/x999/x999/999",
                           "tile/0/00a",
                           "tile/0/000.p/1.p/1",
                           "checkpoint"}) {
    EXPECT_FALSE(parse_tile_path(path).ok()) << path;
  }
}

TEST(TileWidth, IsThatOfTheLayoutsExample) {
  EXPECT_EQ(tile_width(0, 272, 70000), 256U);
  EXPECT_EQ(tile_width(0, 273, 70000), 112U);
  EXPECT_EQ(tile_width(0, 274, 70000), 0U);
  EXPECT_EQ(tile_width(1, 0, 70000), 256U);
  EXPECT_EQ(tile_width(1, 1, 70000), 17U);
  EXPECT_EQ(tile_width(2, 0, 70000), 1U);
  EXPECT_EQ(tile_width(3, 0, 70000), 0U);
  EXPECT_EQ(tile_width(std::nullopt, 273, 70000), 112U);
  EXPECT_EQ(tile_width(std::nullopt, UINT64_MAX, 70000), 0U);
}

std::set<std::string> paths_of(const std::vector<TilePlace>& places) {
  std::set<std::string> paths;
  for (const TilePlace& place : places) paths.insert(path_of(place));
  EXPECT_EQ(paths.size(), places.size());
  return paths;
}

TEST(TilesOf, ASizeAreThoseOfTheLayoutsExamples) {
  EXPECT_TRUE(tiles_of(0).empty());
  EXPECT_EQ(paths_of(tiles_of(5)), (std::set<std::string>{"tile/entries/000.p/5", "tile/0/000.p/5"}));
  EXPECT_EQ(paths_of(tiles_of(256)), (std::set<std::string>{"tile/entries/000", "tile/0/000", "tile/1/000.p/1"}));
  const std::set<std::string> many = paths_of(tiles_of(70000));
  EXPECT_EQ(many.size(), 274U + 274U + 2U + 1U);
  for (const char* path :
       {"tile/0/273.p/112", "tile/entries/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"}) {
    EXPECT_TRUE(many.count(path) == 1) << path;
  }
}

// One entry after another: a tile gets the hash of each subtree when it is complete.
TEST(TilesOf, ASizeAreWhatComesOfAppendingOneByOne) {
  std::map<std::string, unsigned> widths;  // by the path of the full tile
  uint64_t size = 0;
  for (const uint64_t until : {0, 1, 2, 255, 256, 257, 511, 512, 600, 65535, 65536, 65537, 65792}) {
    for (; size < until; ++size) {
      ++widths[path_of({std::nullopt, size / 256, 256})];
      uint64_t subtree = size;
      for (unsigned level = 0;; ++level) {
        ++widths[path_of({level, subtree / 256, 256})];
        if ((subtree + 1) % 256 != 0) break;
        subtree /= 256;
      }
    }
    std::map<std::string, unsigned> found;
    for (const TilePlace& place : tiles_of(size)) {
      found[path_of({place.level, place.index, 256})] = place.width;
      EXPECT_EQ(tile_width(place.level, place.index, size), place.width);
    }
    EXPECT_EQ(found, widths) << size;
  }
}

TEST(TilesOf, ASizeAfterAnotherAreThoseThatChanged) {
  for (const uint64_t before : {0, 1, 255, 256, 257, 512, 65535, 65536, 65600}) {
    for (const uint64_t size : {0, 1, 255, 256, 257, 512, 513, 65535, 65536, 65537, 70000}) {
      if (size < before) continue;
      const std::set<std::string> old = paths_of(tiles_of(before));
      std::set<std::string> expected;
      for (const std::string& path : paths_of(tiles_of(size))) {
        if (old.count(path) == 0) expected.insert(path);
      }
      EXPECT_EQ(paths_of(tiles_of(size, before)), expected) << before << " to " << size;
    }
  }
}

}  // namespace
}  // namespace kedge
