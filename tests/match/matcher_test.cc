#include "match/matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "event/decoder.h"

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Pattern pattern_of(std::string_view text) {
  auto pattern = parse_pattern(text);
  EXPECT_TRUE(pattern) << pattern.error().message << "\n" << text;
  return *std::move(pattern);
}

bool matches(std::string_view pattern, std::string_view event) {
  Matcher::Builder builder;
  builder.add(7, pattern_of(pattern));
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  const auto done = std::move(builder).build().match_document(event, scratch, matched);
  EXPECT_TRUE(done) << done.error().message << "\n" << event;
  return !matched.empty();
}

struct Case {
  const char* pattern;
  const char* event;
  bool matches;
};

void check(std::initializer_list<Case> cases) {
  for (const Case& one : cases)
    EXPECT_EQ(matches(one.pattern, one.event), one.matches) << one.pattern << "\n" << one.event;
}

TEST(Matcher, ComparesStringsByWhatTheySay) {
  check({{R"({"a":["x"]})", R"({"a":"x"})", true},
         {R"({"a":["x"]})", R"({"a":"X"})", false},
         {R"({"a":["x"]})", R"({"a":"\u0078"})", true},
         {R"({"a":["\u0078"]})", R"({"a":"x"})", true},
         {R"({"a":["é"]})", R"({"a":"\u00e9"})", true},
         {R"({"a":["😀"]})", R"({"a":"\ud83d\ude00"})", true},
         {R"({"a":[""]})", R"({"a":""})", true},
         {R"({"a":["1"]})", R"({"a":1})", false},
         {R"({"a":["x","y"]})", R"({"a":"y"})", true}});
}

TEST(Matcher, ComparesNumbersByValueWhereADoubleHoldsThem) {
  check({{R"({"a":[1]})", R"({"a":1.0})", true},
         {R"({"a":[1e2]})", R"({"a":100})", true},
         {R"({"a":[0]})", R"({"a":-0})", true},
         {R"({"a":[0.1]})", R"({"a":0.10})", true},
         {R"({"a":[1]})", R"({"a":"1"})", false},
         {R"({"a":[9007199254740993]})", R"({"a":9007199254740992})", false},
         {R"({"a":[9007199254740993]})", R"({"a":9007199254740993})", true},
         {R"({"a":[1e400]})", R"({"a":1e400})", true},
         {R"({"a":[1e400]})", R"({"a":10e399})", false}});
}

TEST(Matcher, TakesAnAddressForItselfInAnySpelling) {
  check({{R"({"a":["10.0.0.1"]})", R"({"a":"010.0.0.01"})", true},
         {R"({"a":["10.0.0.1"]})", R"({"a":"::ffff:a00:1"})", true},
         {R"({"a":["2001:db8::1"]})", R"({"a":"2001:DB8:0:0::1"})", true},
         {R"({"a":["10.0.0.1"]})", R"({"a":"10.0.0.2"})", false},
         {R"({"a":[{"exactly":"10.0.0.1"}]})", R"({"a":"010.0.0.01"})", false},
         {R"({"a":["10.0.0.256"]})", R"({"a":"10.0.0.256"})", true}});
}

TEST(Matcher, KnowsTrueFalseAndNull) {
  check({{R"({"a":[true]})", R"({"a":true})", true},
         {R"({"a":[true]})", R"({"a":"true"})", false},
         {R"({"a":[null]})", R"({"a":null})", true},
         {R"({"a":[null]})", R"({})", false},
         {R"({"a":[false]})", R"({"a":0})", false}});
}

TEST(Matcher, MatchesPrefixesOfStringsOnly) {
  check({{R"({"a":[{"prefix":"Put"}]})", R"({"a":"PutBucketAcl"})", true},
         {R"({"a":[{"prefix":"Put"}]})", R"({"a":"Pu"})", false},
         {R"({"a":[{"prefix":""}]})", R"({"a":""})", true},
         {R"({"a":[{"prefix":"1"}]})", R"({"a":12})", false},
         {R"({"a":[{"prefix":"é"}]})", R"({"a":"\u00e9t\u00e9"})", true}});
}

TEST(Matcher, MatchesRangesOfNumbers) {
  check({{R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":5})", true},
         {R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":0})", false},
         {R"({"a":[{"numeric":["<",0]}]})", R"({"a":-1e300})", true},
         {R"({"a":[{"numeric":["=",3]}]})", R"({"a":3.0})", true},
         {R"({"a":[{"numeric":[">=",1]}]})", R"({"a":"2"})", false},
         {R"({"a":[{"numeric":[">",0]}]})", R"({"a":9007199254740993})", false}});
}

TEST(Matcher, FindsTheOneNumberOfManyThatLieTogether) {
  check({{R"({"a":[{"numeric":[">",0,"<",5]}]})", R"({"a":[7,8,9,4,7]})", true},
         {R"({"a":[{"numeric":[">",0,"<",5]}]})", R"({"a":[7,-8,0,5,9]})", false},
         {R"({"a":[3]})", R"({"a":[1,2,3.0,4]})", true},
         {R"({"a":[3]})", R"({"a":[1,2,4,2.9999999999]})", false},
         // A number that is not comparable stands for no other.
         {R"({"a":[{"numeric":[">",0]}]})", R"({"a":[9007199254740993,9007199254740995,2]})", true},
         {R"({"a":[1e400,{"numeric":["<",0]}]})", R"({"a":[1,2,1e400]})", true}});
}

TEST(Matcher, TakesAnythingButWhatIsListedOfWhateverType) {
  check({{R"({"a":[{"anything-but":"x"}]})", R"({"a":"y"})", true},
         {R"({"a":[{"anything-but":"x"}]})", R"({"a":"x"})", false},
         {R"({"a":[{"anything-but":"x"}]})", R"({"a":1})", true},
         {R"({"a":[{"anything-but":"x"}]})", R"({"a":null})", true},
         {R"({"a":[{"anything-but":"x"}]})", R"({})", false},
         {R"({"a":[{"anything-but":"x"}]})", R"({"a":{}})", false},
         {R"({"a":[{"anything-but":["x","y"]}]})", R"({"a":["x","z"]})", true},
         {R"({"a":[{"anything-but":["x","y"]}]})", R"({"a":["x","y"]})", false},
         {R"({"a":[{"anything-but":[1,2]}]})", R"({"a":2.0})", false},
         {R"({"a":[{"anything-but":1}]})", R"({"a":"1"})", true},
         {R"({"a":[{"anything-but":{"prefix":"x"}}]})", R"({"a":"xy"})", false},
         {R"({"a":[{"anything-but":{"prefix":["x","y"]}}]})", R"({"a":"z"})", true}});
}

TEST(Matcher, TakesAnythingButTextsThatBeginAndEndAlike) {
  check({{R"({"a":[{"anything-but":["xay","zb"]}]})", R"({"a":"xby"})", true},
         {R"({"a":[{"anything-but":["xay","zb"]}]})", R"({"a":"zb"})", false},
         {R"({"a":[{"anything-but":["xay","zb"]}]})", R"({"a":""})", true},
         {R"({"a":[{"anything-but":""}]})", R"({"a":""})", false},
         {R"({"a":[{"anything-but":{"suffix":"y"}}]})", R"({"a":"ay"})", false},
         {R"({"a":[{"anything-but":{"wildcard":"*a*y"}}]})", R"({"a":"bay"})", false},
         {R"({"a":[{"anything-but":{"wildcard":"x*"}}]})", R"({"a":"xa"})", false},
         {R"({"a":[{"anything-but":{"equals-ignore-case":"xaY"}}]})", R"({"a":"XAy"})", false},
         {R"({"a":[{"anything-but":{"equals-ignore-case":"éß"}}]})", R"({"a":"ÉSS"})", false},
         {R"({"a":[{"anything-but":{"equals-ignore-case":"\u212a"}}]})", R"({"a":"k"})", false},
         {R"({"a":[{"anything-but":{"equals-ignore-case":"1_"}}]})", R"({"a":"1_"})", false}});
}

TEST(Matcher, TellsPresenceFromAbsence) {
  check({{R"({"a":[{"exists":true}]})", R"({"a":null})", true},
         {R"({"a":[{"exists":true}]})", R"({"a":{"b":1}})", false},
         {R"({"a":[{"exists":true}]})", R"({"a":[]})", false},
         {R"({"a":[{"exists":false}]})", R"({})", true},
         {R"({"a":[{"exists":false}]})", R"({"a":{}})", true},
         {R"({"a":[{"exists":false}]})", R"({"a":""})", false},
         {R"({"a":["x",{"exists":false}]})", R"({})", true},
         {R"({"a":["x",{"exists":false}]})", R"({"a":"y"})", false}});
}

TEST(Matcher, WantsAllFields) {
  check({{R"({"a":["x"],"b":["y"]})", R"({"a":"x","b":"y"})", true},
         {R"({"a":["x"],"b":["y"]})", R"({"a":"x"})", false},
         {R"({"a":["x"],"b":[{"exists":false}]})", R"({"a":"x","c":1})", true}});
}

TEST(Matcher, JoinsPathsWithDots) {
  check({{R"({"a.b":[1]})", R"({"a":{"b":1}})", true},
         {R"({"a":{"b":[1]}})", R"({"a.b":1})", true},
         {R"({"a":{"b.c":[1]}})", R"({"a.b":{"c":1}})", true},
         {R"({"a":{"b":[1]}})", R"({"ab":1})", false},
         {R"({"a":{"b":[1]}})", R"({"a":{"b":{"b":1}}})", false}});
}

TEST(Matcher, CountsEveryOccurrenceOfAKey) {
  check({{R"({"a":[1]})", R"({"a":1,"a":2})", true},
         {R"({"a":[2]})", R"({"a":1,"a":2})", true},
         {R"({"a":{"x":[1],"y":[2]}})", R"({"a":{"x":1},"a":{"y":2}})", true}});
}

TEST(Matcher, LooksIntoArraysAtAnyDepth) {
  check({{R"({"a":[1]})", R"({"a":[0,[[1]]]})", true}, {R"({"a":{"b":[1]}})", R"({"a":[[{"b":0}],{"b":[1]}]})", true}});
}

TEST(Matcher, CombinesNoValuesOfDifferentElements) {
  check({{R"({"e":{"t":["a"],"v":[1]}})", R"({"e":[{"t":"a"},{"v":1}]})", false},
         {R"({"e":{"t":["a"],"v":[1]}})", R"({"e":[{"t":"b","v":1},{"t":"a","v":1}]})", true},
         {R"({"e":{"t":["a"],"v":[1]}})", R"({"e":[[{"t":"a"}],[{"v":1}]]})", false},
         {R"({"e":{"t":["a"],"v":[1]}})", R"({"e":[{"t":"a"}],"e":[{"v":1}]})", true},
         {R"({"a":{"x":[1]},"b":{"y":[2]}})", R"({"a":[{"x":0},{"x":1}],"b":[{"y":2},{"y":0}]})", true},
         {R"({"a":{"b":{"x":[1],"y":[2]},"z":[3]}})", R"({"a":[{"b":[{"x":1,"y":2}],"z":4},{"z":3}]})", false},
         {R"({"a":[5],"a-b":[0],"a":{"c":[1],"d":[2]}})", R"({"a":[5,{"c":1},{"d":2}],"a-b":0})", false}});
}

TEST(Matcher, DecidesAbsenceInTheOrderOfThePaths) {
  check({{R"({"a":{"x":[1],"y":[{"exists":false}]}})", R"({"a":[{"x":1},{"y":2}]})", true},
         {R"({"a":{"x":[{"exists":false}],"y":[1]}})", R"({"a":[{"y":1},{"x":2}]})", false},
         {R"({"a":[{"exists":false}]})", R"({"a":[1],"b":[{"c":1}]})", false}});
}

TEST(Matcher, MultipliesOrWithWhatSurroundsIt) {
  constexpr const char* kPattern = R"({"s":["m"],"$or":[{"a":[1]},{"b":[2],"c":[3]}]})";
  check({{kPattern, R"({"s":"m","a":1})", true},
         {kPattern, R"({"s":"m","b":2,"c":3})", true},
         {kPattern, R"({"s":"m","b":2})", false},
         {kPattern, R"({"a":1})", false},
         {R"({"d":{"$or":[{"a":[1]},{"$or":[{"b":[1]},{"c":[1]}]}]}})", R"({"d":{"c":1}})", true},
         {R"({"a":[1],"$or":[{"a":[2]},{"b":[1]}]})", R"({"a":2})", true},
         {R"({"$or":[{"a":[2]},{"b":[1]}],"a":[1]})", R"({"a":2})", false}});
}

TEST(Matcher, AnswersWithTheIndicesOfAllPatternsThatMatch) {
  Matcher::Builder builder;
  builder.add(30, pattern_of(R"({"a":[1]})"));
  builder.add(10, pattern_of(R"({"a":[1,2]})"));
  builder.add(20, pattern_of(R"({"a":[2]})"));
  builder.add(30, pattern_of(R"({"b":[1]})"));
  builder.add(5, pattern_of(R"({"a":[{"exists":false}]})"));
  const Matcher matcher = std::move(builder).build();
  MatchScratch scratch;
  std::vector<uint32_t> matched = {99};
  ASSERT_TRUE(matcher.match_document(R"({"a":1,"b":1})", scratch, matched));
  EXPECT_THAT(matched, ElementsAre(10, 30));
  ASSERT_TRUE(matcher.match_document(R"({"b":1})", scratch, matched));
  EXPECT_THAT(matched, ElementsAre(5, 30));
  ASSERT_TRUE(matcher.match_document("{}", scratch, matched));
  EXPECT_THAT(matched, ElementsAre(5));
}

// So many ask the same of `a` that `b` is looked into as soon as that is found.
TEST(Matcher, ReadsAValueInAnyCaseToItsEndWhateverIsReadMeanwhile) {
  constexpr uint32_t kMany = 30;
  Matcher::Builder builder;
  const auto any_case = [](char name, uint32_t number) {
    return std::string("\"") + name + "\":[{\"equals-ignore-case\":\"ö" + std::to_string(number) + "\"}]";
  };
  for (uint32_t i = 0; i < kMany * kMany; ++i) {
    builder.add(i, pattern_of("{" + any_case('a', i / kMany) + "," + any_case('b', i % kMany) + "}"));
  }
  builder.add(kMany * kMany, pattern_of(R"({"a":[{"prefix":{"equals-ignore-case":"ö0"}}]})"));
  const Matcher matcher = std::move(builder).build();
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  ASSERT_TRUE(matcher.match_document(R"({"a":"Ö0","b":"Ö7"})", scratch, matched));
  EXPECT_THAT(matched, ElementsAre(7, kMany * kMany));
}

TEST(Matcher, AnswersInOrderHoweverManyMatchAndHoweverFarApart) {
  for (const uint32_t step : {1U, 7U, 1000U}) {
    Matcher::Builder builder;
    std::vector<uint32_t> expected;
    for (uint32_t i = 0; i < 300; ++i) {
      builder.add((299 - i) * step, pattern_of(i % 2 == 0 ? R"({"a":[1]})" : R"({"b":[1]})"));
      expected.push_back(i * step);
    }
    const Matcher matcher = std::move(builder).build();
    MatchScratch scratch;
    std::vector<uint32_t> matched;
    for (int turn = 0; turn < 2; ++turn) {
      ASSERT_TRUE(matcher.match_document(R"({"b":1,"a":[1,1]})", scratch, matched));
      EXPECT_EQ(matched, expected);
    }
  }
}

TEST(Matcher, WithoutPatternsMatchesNothing) {
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  ASSERT_TRUE(Matcher().match_document(R"({"a":1})", scratch, matched));
  EXPECT_THAT(matched, IsEmpty());
}

TEST(Matcher, RefusesADocumentThatIsNotValid) {
  MatchScratch scratch;
  std::vector<uint32_t> matched = {1};
  const auto done = Matcher().match_document(R"({"a":1,"b":tru})", scratch, matched);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "byte 11: expected a value");
  EXPECT_THAT(matched, IsEmpty());
  EXPECT_FALSE(Matcher().match_document("[1]", scratch, matched));
}

TEST(Matcher, RefusesEscapesThatJsonDoesNotKnowWantedOrNot) {
  Matcher::Builder builder;
  builder.add(0, pattern_of(R"({"a":["x"]})"));
  const Matcher matcher = std::move(builder).build();
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  for (const char* text : {R"({"a":"\x"})", R"({"a":"\u12"})", R"({"\x":1})", R"({"\u006":"x"})", R"({"b":"\x"})",
                           R"({"b":{"a":"\x"}})", R"({"a":["x","\"]})"}) {
    EXPECT_FALSE(matcher.match_document(text, scratch, matched)) << text;
    EXPECT_THAT(matched, IsEmpty());
  }
}

TEST(Matcher, TellsTheKeysOfAnObjectApartHoweverManyAreWanted) {
  for (const size_t count : {1U, 2U, 8U, 9U, 40U}) {
    std::string pattern;
    std::string event;
    for (size_t i = 0; i < count; ++i) {
      for (const char* start : {"k", "namespace", "a long name of which the end differs "}) {
        const std::string key = (pattern.empty() ? "\"" : ",\"") + std::string(start) + std::to_string(i) + "\":";
        pattern += key + "[" + std::to_string(i) + "]";
        event += key + std::to_string(i);
      }
    }
    EXPECT_TRUE(matches("{" + pattern + "}", "{" + event + "}")) << count;
    EXPECT_FALSE(matches("{" + pattern + ",\"namespac\":[0]}", "{" + event + ",\"namespace\":0}")) << count;
  }
  check({{R"({"":[1]})", R"({"":1})", true},
         {R"({"aé":[1]})", R"({"\u0061\u00e9":1})", true},
         {R"({"a\"b":[1]})", R"({"a\"b":1})", true}});
}

TEST(Matcher, AScratchMayServeManyMatchersInTurn) {
  Matcher::Builder one;
  one.add(1, pattern_of(R"({"a":["x"]})"));
  Matcher::Builder other;
  other.add(2, pattern_of(R"({"b":["x"]})"));
  other.add(3, pattern_of(R"({"a":[{"prefix":"y"}]})"));
  const Matcher first = std::move(one).build();
  const Matcher second = std::move(other).build();
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(first.match_document(R"({"a":"x","b":"x"})", scratch, matched));
    EXPECT_THAT(matched, ElementsAre(1));
    ASSERT_TRUE(second.match_document(R"({"a":"x","b":"x"})", scratch, matched));
    EXPECT_THAT(matched, ElementsAre(2));
  }
}

TEST(Matcher, MayBeAskedByManyThreads) {
  Matcher::Builder builder;
  for (uint32_t i = 0; i < 50; ++i)
    builder.add(i, pattern_of(R"({"a":{"n":[)" + std::to_string(i) + R"(],"t":["x"]}})"));
  const Matcher matcher = std::move(builder).build();
  std::vector<std::thread> threads;
  for (uint32_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&matcher, thread] {
      MatchScratch scratch;
      std::vector<uint32_t> matched;
      for (uint32_t i = thread; i < 500; i += 4) {
        const std::string event = R"({"a":[{"n":)" + std::to_string(i % 50) + R"(,"t":"x"}]})";
        ASSERT_TRUE(matcher.match_document(event, scratch, matched));
        ASSERT_THAT(matched, ElementsAre(i % 50));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// The view of an event.

std::vector<uint32_t> match_view(std::string_view pattern, std::string_view message) {
  Decoder decoder({});
  std::vector<Event> events;
  EXPECT_FALSE(decoder.decode({message, {}}, events));
  Matcher::Builder builder;
  builder.add(1, pattern_of(pattern));
  const Matcher matcher = std::move(builder).build();
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  EXPECT_TRUE(matcher.match(events.at(0), scratch, matched));
  return matched;
}

constexpr const char* kEnvelope =
    R"({"id":"i","detail-type":"D","source":"s","account":"","region":"r","time":"t","resources":["arn:a",{"x":1}],)"
    R"("detail":{"eventName":"N","list":[{"k":1},{"k":2}]}})";

TEST(MatchEvent, SeesTheAttributesOfTheView) {
  EXPECT_FALSE(
      match_view(R"({"id":["i"],"source":["s"],"detail-type":["D"],"region":["r"],"time":["t"]})", kEnvelope).empty());
  EXPECT_FALSE(match_view(R"({"account":[{"exists":false}]})", kEnvelope).empty());
  EXPECT_TRUE(match_view(R"({"version":[{"exists":true}]})", kEnvelope).empty());
}

TEST(MatchEvent, SeesTheDetailAndTheResources) {
  EXPECT_FALSE(match_view(R"({"detail":{"eventName":["N"],"list":{"k":[2]}}})", kEnvelope).empty());
  EXPECT_FALSE(match_view(R"({"detail.eventName":["N"]})", kEnvelope).empty());
  EXPECT_FALSE(match_view(R"({"resources":[{"prefix":"arn:"}]})", kEnvelope).empty());
  EXPECT_TRUE(match_view(R"({"resources":["arn:b"]})", kEnvelope).empty());
}

TEST(MatchEvent, ScansTheDetailOfAnEventThatNoDecoderMade) {
  Matcher::Builder builder;
  builder.add(1, pattern_of(R"({"source":["s"],"detail":{"a":[1]}})"));
  const Matcher matcher = std::move(builder).build();
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  Event event;
  event.source = "s";
  event.detail = R"({"a":1})";
  ASSERT_TRUE(matcher.match(event, scratch, matched));
  EXPECT_THAT(matched, ElementsAre(1));
  event.detail = "{";
  const auto done = matcher.match(event, scratch, matched);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("the event's detail"));
}

// Arrays that could be combined in very many ways.

std::string repeated(size_t count, const std::string& text) {
  std::string all = text;
  for (size_t i = 1; i < count; ++i) all += "," + text;
  return all;
}

TEST(ManyElements, OfIndependentArraysAreNotMultiplied) {
  // 300 elements each: tried in all combinations, that would be 27 million. What fails is seen only at the last array.
  std::string event = "{";
  for (const char* key : {"a", "b", "c"}) {
    event += "\"" + std::string(key) + "\":[" + repeated(300, "{\"x\":1}") + "],";
  }
  event += R"("d":[{"p":1},{"q":1},{"r":1,"q":1}]})";
  const auto pattern = [](const std::string& last) {
    return R"({"a":{"x":[1]},"b":{"x":[1],"y":[{"exists":false}]},"c":{"x":[1]},"d":)" + last + "}";
  };
  EXPECT_FALSE(matches(pattern(R"({"p":[1],"q":[1]})"), event));
  EXPECT_TRUE(matches(pattern(R"({"r":[1],"q":[1]})"), event));
}

TEST(ManyElements, OfOneArrayAreJumpedOver) {
  const std::string event =
      "{\"e\":[" + repeated(5000, "{\"t\":1,\"u\":1},{\"v\":1,\"u\":1}") + ",{\"t\":1,\"u\":1,\"v\":1}]}";
  EXPECT_TRUE(matches(R"({"e":{"t":[1],"u":[1],"v":[1]}})", event));
}

TEST(ManyElements, UnderRepeatedKeysAreGivenUpWithAnError) {
  // Arrays under one repeated key are independent of each other, so what was chosen in all of them matters.
  std::string event = "{";
  for (int i = 0; i < 8; ++i) {
    event += "\"e\":[" + repeated(30, R"({"a":1},{"b":1},{"c":1},{"d":1},{"f":1},{"g":1})") + "],";
  }
  event += "\"e\":[{\"z\":1}]}";
  Matcher::Builder builder;
  builder.add(
      1,
      pattern_of(
          R"({"e":{"a":[1],"b":[1],"c":[1],"d":[1],"f":[1],"g":[1],"y":[{"exists":false}],"z":[1],"zz":[{"exists":false}]}})"));
  builder.add(2, pattern_of(R"({"e":{"a":[1],"b":[1],"c":[1],"d":[1],"f":[{"exists":false}],"g":[1],"z":[1]}})"));
  const Matcher matcher = std::move(builder).build();
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  const auto done = matcher.match_document(event, scratch, matched);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::limit);
  EXPECT_THAT(matched, IsEmpty());
}

// Else whoever makes the event could make each of thousands of patterns take the time that one may.
TEST(ManyElements, UnderRepeatedKeysAreGivenUpOnceForAllPatterns) {
  std::string event = "{";
  for (int i = 0; i < 5; ++i) {
    event += "\"e\":[" + repeated(6, "{\"f" + std::to_string(i) + "\":1}") + ",{\"z\":1}],";
  }
  event += "\"q\":1}";
  Matcher::Builder builder;
  for (uint32_t i = 0; i < 2000; ++i) {
    builder.add(i, pattern_of(R"({"e":{"f0":[1],"f1":[1],"f2":[1],"f3":[1],"f4":[1],"z":[1,)" +
                              std::to_string(1000 + i) + "]}}"));
  }
  const Matcher matcher = std::move(builder).build();
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  const auto done = matcher.match_document(event, scratch, matched);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::limit);
  // The next one has its own tries.
  EXPECT_TRUE(matcher.match_document(R"({"e":[{"f0":1},{"z":1}]})", scratch, matched));
}

TEST(ManyElements, DoNotStandInEachOthersWayForManyPatterns) {
  const std::string event = "{\"e\":[" + repeated(2000, "{\"t\":1},{\"u\":1}") + "]}";
  Matcher::Builder builder;
  for (uint32_t i = 0; i < 2000; ++i) {
    builder.add(i, pattern_of(R"({"e":{"t":[1,)" + std::to_string(1000 + i) + R"(],"u":[1]}})"));
  }
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  EXPECT_TRUE(std::move(builder).build().match_document(event, scratch, matched));
  EXPECT_THAT(matched, IsEmpty());
}

TEST(ManyNumbers, AreHeldAgainstEachOtherWithinALimit) {
  const PatternExtras extras;
  const auto answer = [&extras](std::string_view pattern, const std::string& event) -> Result<bool> {
    Matcher::Builder builder;
    builder.add(1, *parse_pattern(pattern, &extras));
    MatchScratch scratch;
    std::vector<uint32_t> matched;
    const auto done = std::move(builder).build().match_document(event, scratch, matched);
    if (!done) return done.error();
    return !matched.empty();
  };
  const auto flat = answer(R"({"a":[{"numeric":["<",{"field":"b"}]}]})",
                           "{\"a\":[" + repeated(30'000, "9") + "],\"b\":[" + repeated(30'000, "1") + "]}");
  ASSERT_FALSE(flat);
  EXPECT_EQ(flat.error().code, ErrorCode::limit);
  // Those of other elements are jumped over.
  const std::string elements = repeated(30'000, "{\"a\":9,\"b\":9},{\"b\":10}");
  const std::string less = R"({"e":{"a":[{"numeric":["<",{"field":"e.b"}]}]}})";
  EXPECT_FALSE(*answer(less, "{\"e\":[" + elements + "]}"));
  EXPECT_TRUE(*answer(less, "{\"e\":[" + elements + ",{\"b\":10,\"a\":9}]}"));
  EXPECT_TRUE(*answer(less, "{\"e\":[{\"a\":9,\"b\":10}," + elements + "]}"));
}

bool may_match(std::string_view pattern, std::string_view text, std::optional<std::string_view> source = std::nullopt) {
  Matcher::Builder builder;
  builder.add(7, pattern_of(pattern));
  MatchScratch scratch;
  return std::move(builder).build().may_match(text, source, scratch);
}

TEST(MayMatch, IsFalseOnlyWhereWhatIsWantedWasMetAndIsOtherwise) {
  constexpr auto kPattern = R"({"source":["a"],"detail":{"name":["x"]}})";
  EXPECT_TRUE(may_match(kPattern, R"({"source":"a","detail":{"name":"x"}})"));
  EXPECT_FALSE(may_match(kPattern, R"({"source":"a","detail":{"name":"y"}})"));
  EXPECT_FALSE(may_match(kPattern, R"({"source":"a"})"));
  EXPECT_TRUE(may_match(kPattern, R"({"Message":"{}"})")) << "it may be something else";
  EXPECT_TRUE(may_match(kPattern, R"({"source":)")) << "it has to be read to be refused";
}

TEST(MayMatch, OfADetailKnowsTheSource) {
  constexpr auto kPattern = R"({"source":["a"],"detail":{"name":["x"]}})";
  EXPECT_TRUE(may_match(kPattern, R"({"name":"x"})", "a"));
  EXPECT_FALSE(may_match(kPattern, R"({"name":"x"})", "b"));
  EXPECT_FALSE(may_match(kPattern, R"({"name":"y"})", "a"));
  EXPECT_TRUE(may_match(R"({"source":["a"]})", R"({"name":"y"})", "a")) << "nothing of the detail is wanted";
}

// What the pattern matches when what it excludes is left out; none: it excludes nothing that can be left out.
std::optional<bool> nearly_matches(std::string_view pattern, std::string_view event) {
  const auto wider = without_exclusions(pattern_of(pattern));
  if (!wider) return std::nullopt;
  Matcher::Builder builder;
  builder.add(0, *wider);
  MatchScratch scratch;
  std::vector<uint32_t> matched;
  EXPECT_TRUE(std::move(builder).build().match_document(event, scratch, matched));
  return !matched.empty();
}

TEST(Matcher, WithoutExclusionsMatchesWhatThePatternLooksFor) {
  const auto* const pattern =
      R"({"name":["Put"],"error":[{"exists":false}],"by":[{"anything-but":["kedge"]}],"region":[{"exists":true}]})";
  EXPECT_EQ(nearly_matches(pattern, R"({"name":"Put","region":1,"by":"bob"})"), true);
  EXPECT_EQ(nearly_matches(pattern, R"({"name":"Put","region":1,"error":"Denied"})"), true);
  EXPECT_EQ(nearly_matches(pattern, R"({"name":"Put","region":1,"by":"kedge"})"), true);
  EXPECT_EQ(nearly_matches(pattern, R"({"name":"Put","by":"bob"})"), false);
  EXPECT_EQ(nearly_matches(pattern, R"({"name":"Get","region":1,"error":"Denied"})"), false);
}

TEST(Matcher, WithoutExclusionsIsNothingWhereThereAreNoneOrNothingElse) {
  EXPECT_EQ(nearly_matches(R"({"name":["Put"]})", "{}"), std::nullopt);
  EXPECT_EQ(nearly_matches(R"({"error":[{"exists":false}]})", "{}"), std::nullopt);
  // One alternative that looks for something makes the clause more than an exclusion.
  EXPECT_EQ(nearly_matches(R"({"name":["Put"],"error":[{"exists":false},"Late"]})", "{}"), std::nullopt);
  // Of a $or, the alternative that is nothing but an exclusion would match everything: it is left out.
  const auto* const choice = R"({"$or":[{"a":[1],"x":[{"exists":false}]},{"b":[{"anything-but":1}]}]})";
  EXPECT_EQ(nearly_matches(choice, R"({"a":1,"x":1})"), true);
  EXPECT_EQ(nearly_matches(choice, R"({"b":1})"), false);
}

}  // namespace
}  // namespace kedge
