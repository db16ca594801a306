// What of two JSON values differs, as people and records are told.
#include "base/json_difference.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace kedge {
namespace {

TEST(Difference, IsEmptyForEqualValues) {
  const Json value = {{"a", {1, 2, {{"b", nullptr}}}}};
  EXPECT_EQ(difference(value, value), Json::array());
}

TEST(Difference, NamesTheDeepestPlaceAndBothSides) {
  const Json expected = {{"acl", {{"grants", {"READ", "WRITE"}}}}, {"owner", "x"}};
  const Json found = {{"acl", {{"grants", {"READ", "FULL"}}}}, {"owner", "x"}};
  EXPECT_EQ(difference(expected, found),
            Json::array({{{"path", "/acl/grants/1"}, {"expected", "WRITE"}, {"found", "FULL"}}}));
}

TEST(Difference, TellsWhatOnlyOneSideHas) {
  const Json expected = {{"a/b", 1}, {"list", {1, 2}}};
  const Json found = {{"c", 2}, {"list", {1}}};
  EXPECT_EQ(difference(expected, found), Json::array({{{"path", "/a~1b"}, {"expected", 1}},
                                                      {{"path", "/list/1"}, {"expected", 2}},
                                                      {{"path", "/c"}, {"found", 2}}}));
}

TEST(Difference, NamesTheWholeWhereTheKindsDiffer) {
  EXPECT_EQ(difference(nullptr, {{"a", 1}}),
            Json::array({{{"path", "/"}, {"expected", nullptr}, {"found", {{"a", 1}}}}}));
}

TEST(Difference, IsBounded) {
  Json expected = Json::array();
  Json found = Json::array();
  for (int i = 0; i < 1000; ++i) {
    expected.push_back(i);
    found.push_back(-1 - i);
  }
  const Json shown = difference(expected, found);
  EXPECT_EQ(shown.size(), kDifferencesMax + 1);
  EXPECT_EQ(shown.back(), (Json{{"more", 1000 - kDifferencesMax}}));
}

}  // namespace
}  // namespace kedge
