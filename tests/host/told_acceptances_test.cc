#include "host/told_acceptances.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

Acceptance accepted(const std::string& owner) {
  return {
      *parse_time("2026-11-29T16:00:00Z"), owner, "a new key", "root (uid 0)", sha256("before"), 3, {"etc", "usr/bin"}};
}

TEST(ToldAcceptances, SaysWhoAnsweredForWhatAndWhoTypedIt) {
  EXPECT_EQ(told_acceptances({accepted("alice")}), Json::array({{{"time", "2026-11-29T16:00:00.000000Z"},
                                                                 {"owner", "alice"},
                                                                 {"reason", "a new key"},
                                                                 {"by", "root (uid 0)"},
                                                                 {"differences", 3},
                                                                 {"paths", 2},
                                                                 {"previous", sha256("before").hex()}}}));
  Acceptance early = accepted("alice");
  early.by.clear();
  EXPECT_EQ(told_acceptances({early})[0]["by"], Json());
}

TEST(ToldAcceptances, AreTheLastFiveTheNewestFirst) {
  EXPECT_EQ(told_acceptances({}), Json::array());
  std::vector<Acceptance> all;
  for (int i = 0; i < 7; ++i) all.push_back(accepted(std::to_string(i)));
  const Json told = told_acceptances(all);
  ASSERT_EQ(told.size(), 5U);
  EXPECT_EQ(told[0]["owner"], "6");
  EXPECT_EQ(told[4]["owner"], "2");
}

TEST(ToldAcceptances, AreTextOfALengthThatAnEventCanHave) {
  const Json told = told_acceptances({accepted(std::string(499, 'x') + "ä"), accepted("\xff")});
  EXPECT_EQ(told[0]["owner"], "\\377");
  EXPECT_EQ(told[1]["owner"], std::string(499, 'x'));
}

}  // namespace
}  // namespace kedge
