#include "trail/state_difference.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/random.h"

namespace kedge {
namespace {

using Changes = std::vector<StateChange>;

Json statement(const std::string& sid, const std::string& principal) {
  return {{"Sid", sid}, {"Effect", "Allow"}, {"Principal", principal}, {"Action", "s3:GetObject"}};
}

TEST(StateDifference, OfEqualStatesIsEmpty) {
  const Json state = {{"policy", R"({"Statement":[]})"}, {"flags", {true, false}}};
  EXPECT_EQ(state_difference(state, state), Changes{});
}

TEST(StateDifference, NamesTheMemberAndBothItsValues) {
  EXPECT_EQ(state_difference({{"block", {{"acls", false}, {"policy", true}}}},
                             {{"block", {{"acls", true}, {"policy", true}}}}),
            (Changes{{"block.acls", false, true}}));
}

TEST(StateDifference, TellsWhatCameAndWhatWent) {
  EXPECT_EQ(state_difference({{"a", 1}}, {{"b", 2}}), (Changes{{"a", 1, std::nullopt}, {"b", std::nullopt, 2}}));
}

TEST(StateDifference, OpensDocumentsThatAreHeldAsText) {
  const Json before = {{"policy", Json{{"Statement", {statement("Public", "*"), statement("Ours", "arn:1")}}}.dump()}};
  const Json after = {{"policy", Json{{"Statement", {statement("Ours", "arn:1")}}}.dump()}};
  EXPECT_EQ(state_difference(before, after),
            (Changes{{"policy.Statement[Public]", statement("Public", "*"), std::nullopt}}));
}

TEST(StateDifference, TakesTheSameDocumentWrittenInAnotherWayAsTheSame) {
  EXPECT_EQ(state_difference({{"policy", R"({"a":1,"b":2})"}}, {{"policy", R"({ "b": 2, "a": 1 })"}}), Changes{});
}

TEST(StateDifference, ShowsADocumentThatIsGoneAsADocument) {
  EXPECT_EQ(state_difference({{"policy", R"({"a":1})"}}, {{"policy", nullptr}}),
            (Changes{{"policy", Json{{"a", 1}}, nullptr}}));
}

TEST(StateDifference, LooksIntoTheElementOfAListThatKeptItsName) {
  const Json before = {{"Statement", {statement("A", "*"), statement("B", "arn:1"), statement("C", "arn:2")}}};
  const Json after = {{"Statement", {statement("C", "arn:3"), statement("A", "*"), statement("B", "arn:9")}}};
  EXPECT_EQ(state_difference(before, after),
            (Changes{{"Statement[B].Principal", "arn:1", "arn:9"}, {"Statement[C].Principal", "arn:2", "arn:3"}}));
}

TEST(StateDifference, LooksIntoTheOnlyElementThatChanged) {
  EXPECT_EQ(state_difference({{"l", {1, {{"x", 1}}, 3}}}, {{"l", {3, {{"x", 2}}, 1}}}), (Changes{{"l[].x", 1, 2}}));
}

TEST(StateDifference, SaysThatOnlyTheOrderChanged) {
  EXPECT_EQ(state_difference({{"l", {1, 2}}}, {{"l", {2, 1}}}),
            (Changes{{"l (in another order)", Json{1, 2}, Json{2, 1}}}));
}

TEST(StateDifference, ComparesXmlTagByTag) {
  const std::string owner = "<AccessControlPolicy><Owner><ID>1</ID></Owner><Grants>";
  const std::string grant = "<Grant><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grant>";
  const std::string end = "</Grants></AccessControlPolicy>";
  EXPECT_EQ(state_difference({{"acl", owner + grant + end}}, {{"acl", owner + end}}),
            (Changes{{"acl", "<Grant>\n<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>\n</Grant>",
                      std::nullopt}}));
}

TEST(StateDifference, ComparesLongTextsLineByLine) {
  const std::string filler(100, 'x');
  EXPECT_EQ(state_difference(filler + "\nPermitRootLogin yes\nend", filler + "\nPermitRootLogin no\nend"),
            (Changes{{"", "PermitRootLogin yes", "PermitRootLogin no"}}));
}

TEST(StateDifference, WritesNamesThatHoldDotsApart) {
  EXPECT_EQ(state_difference({{"a.b", {{"c d", 1}}}}, {{"a.b", {{"c d", 2}}}}),
            (Changes{{"[\"a.b\"][\"c d\"]", 1, 2}}));
}

TEST(StateDifference, HasALimitAndSaysSo) {
  Json before, after;
  for (int i = 0; i < 300; ++i) {
    before[std::to_string(i)] = i;
    after[std::to_string(i)] = -i - 1;
  }
  const Changes changes = state_difference(before, after);
  ASSERT_EQ(changes.size(), kStateChangesMax);
  EXPECT_EQ(changes.back().where, "and 201 more");
}

// ---- random values
// ---------------------------------------------------------------------------------------------------

Json random_value(Random& random, int depth) {
  switch (random.below(depth > 0 ? 8 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return random.below(2) == 0;
    case 2:
      return random.below(3);
    case 3:
      return std::string(random.below(120), static_cast<char>('a' + random.below(3))) + "\nend";
    case 4:
      return random.below(2) == 0 ? R"({"a":[1,2]})" : R"([{"Sid":"x"}])";
    case 5:
      return Json{{"Sid", std::string(1, static_cast<char>('a' + random.below(3)))},
                  {"v", random_value(random, depth - 1)}};
    case 6: {
      Json list = Json::array();
      for (uint64_t i = random.below(5); i > 0; --i) list.push_back(random_value(random, depth - 1));
      return list;
    }
    default: {
      Json object = Json::object();
      for (uint64_t i = random.below(5); i > 0; --i)
        object[std::string(1, static_cast<char>('a' + i))] = random_value(random, depth - 1);
      return object;
    }
  }
}

TEST(StateDifference, OfAnyTwoValuesTellsSomethingUnlessTheyAreTheSame) {
  constexpr uint64_t kSeed = 20260101;
  Random random(kSeed);
  for (int i = 0; i < 1000; ++i) {
    const Json before = random_value(random, 4);
    const Json after = random_value(random, 4);
    EXPECT_EQ(state_difference(before, before), Changes{});
    const Changes there = state_difference(before, after);
    const Changes back = state_difference(after, before);
    EXPECT_EQ(there.empty(), back.empty()) << "seed " << kSeed << ": " << before << " and " << after;
    for (const StateChange& change : there) EXPECT_NE(change.before, change.after) << before << " and " << after;
  }
}

}  // namespace
}  // namespace kedge
