#include "event/json_text.h"

#include <gtest/gtest.h>

#include <random>

#include "base/json.h"

namespace kedge {
namespace {

constexpr std::string_view kDocument = R"({
  "text": "plain", "escapes": "tab\t quote\" slash\/ \u00e9 \ud83d\ude00 \\u0041", "empty": "", "é€😀": "é€😀",
  "numbers": [0, -0, 12, -3.5, 1e3, 2.5E-7, 12345678901234567890], "words": [true, false, null],
  "nested": {"a": {"b": [[], {}, [{"c": 1}, {"d": [2]}]]}}, "esc\u0061ped key" : 1 ,
  "spaces"   :   "x"
  ,"last":[ ] } )";

// Builds with nlohmann what the values say, so that both readers can be compared.
Json rebuild(JsonValue value) {
  if (value.is_object()) {
    Json object = Json::object();
    for (const JsonMember member : value.members())
      object[rebuild(member.key).get<std::string>()] = rebuild(member.value);
    return object;
  }
  if (value.is_array()) {
    Json array = Json::array();
    for (const JsonValue element : value.elements()) array.push_back(rebuild(element));
    return array;
  }
  if (value.is_string()) {
    const std::string_view raw = value.raw_string();
    std::string text(raw.size(), '\0');
    text.resize(unescape_json(raw, text.data()));
    return text;
  }
  if (value.is_number()) return Json::parse(value.bytes());
  if (value.is_true()) return true;
  if (value.is_false()) return false;
  EXPECT_TRUE(value.is_null());
  return nullptr;
}

// True, false, or none where nlohmann refuses for a reason of its own: a number beyond its range, a byte order mark.
std::optional<bool> nlohmann_accepts(const std::string& text) {
  if (text.starts_with("\xEF\xBB\xBF")) return std::nullopt;
  try {
    const Json parsed = Json::parse(text);
    return true;
  } catch (const Json::out_of_range&) {
    return std::nullopt;
  } catch (const Json::exception&) {
    return false;
  }
}

void expect_same_answer(JsonScanner& scanner, const std::string& text) {
  const std::optional<bool> expected = nlohmann_accepts(text);
  if (!expected) return;
  const JsonError* error = scanner.scan(text);
  ASSERT_EQ(error == nullptr, *expected) << text << "\n" << (error != nullptr ? error->expected : "accepted");
  if (error == nullptr) {
    ASSERT_EQ(rebuild(scanner.root()), Json::parse(text)) << text;
  }
}

TEST(JsonScanner, ReadsWhatAnotherParserReads) {
  JsonScanner scanner;
  ASSERT_EQ(scanner.scan(kDocument), nullptr);
  EXPECT_EQ(rebuild(scanner.root()), Json::parse(kDocument));
}

TEST(JsonScanner, ReadsScalarsAlone) {
  JsonScanner scanner;
  for (const std::string text : {"1", " \"a\" ", "null", "true ", "\t-1.5e+3\n", "\"\"", "[]", "{}"}) {
    expect_same_answer(scanner, text);
  }
}

// What looks like a number, in the middle of a text and at its end: there it is read in other ways.
TEST(JsonScanner, ReadsNumbersAsAnotherParserDoes) {
  JsonScanner scanner;
  std::mt19937 random(7);
  const auto any_of = [&](std::string_view bytes) { return bytes[random() % bytes.size()]; };
  const auto digits = [&](size_t most) {
    std::string text;
    for (size_t left = random() % (most + 1); left > 0; --left) text += any_of("0123456789");
    return text;
  };
  size_t accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string number = (random() % 2 == 0 ? "-" : "") + digits(random() % 8 == 0 ? 32 : 4);
    if (random() % 4 != 0) number += "." + digits(random() % 8 == 0 ? 32 : 15);
    if (random() % 8 == 0) number += any_of("eE") + std::string(random() % 2, any_of("+-")) + digits(2);
    if (random() % 8 == 0 && !number.empty()) number[random() % number.size()] = any_of("0.-+eEx \t/:");
    expect_same_answer(scanner, "[" + number + "]");
    expect_same_answer(scanner, "[" + number + ",\"thirty-two bytes and more behind\"]");
    accepted += Json::accept("[" + number + "]") ? 1 : 0;
  }
  EXPECT_GT(accepted, 5000U);
}

TEST(JsonScanner, KeepsTheBytesOfValuesAsTheyCame) {
  JsonScanner scanner;
  const std::string text = R"({"a": [1 , 2.50 ] , "b" : "x\u0041" , "c":-0.0e1 })";
  ASSERT_EQ(scanner.scan(text), nullptr);
  EXPECT_EQ(scanner.root().bytes(), text);
  EXPECT_EQ(scanner.root().member("a").bytes(), "[1 , 2.50 ]");
  EXPECT_EQ(scanner.root().member("b").bytes(), R"("x\u0041")");
  EXPECT_EQ(scanner.root().member("c").bytes(), "-0.0e1");
  EXPECT_EQ(scanner.root().member("c").offset(), text.find("-0.0"));
}

TEST(JsonScanner, FindsMembersByWhatTheirKeysSay) {
  JsonScanner scanner;
  ASSERT_EQ(scanner.scan(R"({"a":1,"\u0062":2,"a":3})"), nullptr);
  EXPECT_EQ(scanner.root().member("a").bytes(), "3");
  EXPECT_EQ(scanner.root().member("b").bytes(), "2");
  EXPECT_FALSE(scanner.root().member("c").present());
  EXPECT_FALSE(scanner.root().member("a").member("x").present());
}

TEST(JsonScanner, RefusesWhatIsNotJson) {
  JsonScanner scanner;
  for (const std::string text : {"",
                                 " ",
                                 "{",
                                 "}",
                                 "[1,]",
                                 "{\"a\":1,}",
                                 "{a:1}",
                                 "{\"a\" 1}",
                                 "{\"a\":1 \"b\":2}",
                                 "[1 2]",
                                 "01",
                                 "+1",
                                 ".5",
                                 "1.",
                                 "1e",
                                 "-",
                                 "NaN",
                                 "tru",
                                 "nullx",
                                 "\"\\x\"",
                                 "\"\\u12\"",
                                 "\"\\u12g4\"",
                                 "\"a",
                                 "\"\t\"",
                                 "[1}",
                                 "{\"a\":[}}",
                                 "{\"a\"}",
                                 "1\"a\"",
                                 "\"a\"1",
                                 "\"a\"\"b\"",
                                 "[1],",
                                 "{} x",
                                 "[]]",
                                 "/**/1",
                                 "'a'",
                                 "{\"a\":}",
                                 "[,1]",
                                 "{,}",
                                 "[1,,2]",
                                 "\\",
                                 "{\"a\":\\}",
                                 "1\f",
                                 "\xEF\xBB\xBF{}",
                                 "{\"a\":1}}",
                                 "--1",
                                 "1e5.5"}) {
    EXPECT_NE(scanner.scan(text), nullptr) << text;
  }
}

TEST(JsonScanner, RefusesWhatNoUtf8CanHold) {
  JsonScanner scanner;
  for (const std::string text : {"\"\xFF\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\\ud800\"", "\"\\udc00\"",
                                 "\"\\ud800\\u0041\"", "\"\\ud800x\"", "{\"\\udfff\":1}"}) {
    const JsonError* error = scanner.scan(text);
    ASSERT_NE(error, nullptr) << text;
    EXPECT_EQ(error->kind, JsonError::Kind::utf8) << text;
  }
}

TEST(JsonScanner, SaysWhereAndWhatIsExpected) {
  JsonScanner scanner;
  const JsonError* error = scanner.scan(R"({"a":1 "b":2})");
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->offset, 7U);
  EXPECT_EQ(error->expected, "',' or '}'");
}

TEST(JsonScanner, AllowsNestingUpToItsLimit) {
  JsonScanner scanner(3);
  EXPECT_EQ(scanner.scan("[[[1]]]"), nullptr);
  const JsonError* error = scanner.scan(R"([{"a":[[]]}])");
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->kind, JsonError::Kind::depth);
}

TEST(JsonScanner, CanIgnoreWhatFollowsTheFirstValue) {
  JsonScanner scanner;
  for (const std::string text : {"{\"a\":1}}", "{\"a\":1} x", "{\"a\":1}{\"a\":2}", "{\"a\":1} \\q"}) {
    ASSERT_EQ(scanner.scan(text, JsonRules::lenient), nullptr) << text;
    EXPECT_EQ(scanner.root().bytes(), "{\"a\":1}");
  }
  EXPECT_NE(scanner.scan("{\"a\":1", JsonRules::lenient), nullptr);
}

TEST(JsonScanner, CanTakeHalfASurrogatePairForItsThreeBytes) {
  JsonScanner scanner;
  const std::string text = R"(["\ud800", "\udc00x", "\ud800\ud83d\ude00"])";
  ASSERT_EQ(scanner.scan(text, JsonRules::lenient), nullptr);
  std::string said;
  for (const JsonValue element : scanner.root().elements()) {
    std::string resolved(element.raw_string().size(), '\0');
    said += resolved.substr(0, unescape_json(element.raw_string(), resolved.data())) + "|";
  }
  EXPECT_EQ(said, "\xED\xA0\x80|\xED\xB0\x80x|\xED\xA0\x80\xF0\x9F\x98\x80|");
}

TEST(JsonScanner, RefusesEveryTruncation) {
  JsonScanner scanner;
  const std::string text(kDocument.substr(0, kDocument.rfind('}') + 1));
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_NE(scanner.scan(text.substr(0, size)), nullptr) << size;
  }
}

TEST(JsonScanner, AgreesWithAnotherParserOnMutatedDocuments) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string alphabet = "{}[]:,\"\\ \n0123456789-+.eEtrufalsn\x01\xC3\xA9u00";
  JsonScanner scanner;
  for (int round = 0; round < 20'000; ++round) {
    std::string text(kDocument);
    for (auto edits = random() % 3 + 1; edits > 0; --edits) {
      const size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          text.erase(at, random() % 4 + 1);
          break;
        case 2:
          text.insert(at, 1, alphabet[random() % alphabet.size()]);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 20));
          break;
      }
    }
    expect_same_answer(scanner, text);
    if (HasFatalFailure()) return;
  }
}

TEST(JsonScanner, AgreesWithAnotherParserOnShortTexts) {
  // Every text of up to five characters of an alphabet in which most grammar lies.
  const std::string alphabet = "{}[]:,\"1 ";
  JsonScanner scanner;
  for (size_t size = 1; size <= 5; ++size) {
    std::string text(size, alphabet[0]);
    for (std::vector<size_t> digits(size);;) {
      for (size_t i = 0; i < size; ++i) text[i] = alphabet[digits[i]];
      const bool accepted = Json::accept(text);
      ASSERT_EQ(scanner.scan(text) == nullptr, accepted) << text;
      size_t i = 0;
      while (i < size && ++digits[i] == alphabet.size()) digits[i++] = 0;
      if (i == size) break;
    }
  }
}

TEST(JsonScanner, UsesItsMemoryAgainForTextsOfAnySize) {
  JsonScanner scanner;
  for (const size_t count : {1, 100'000, 3, 20'000}) {
    std::string text = "[0";
    for (size_t i = 1; i < count; ++i) text += ",0";
    text += "]";
    ASSERT_EQ(scanner.scan(text), nullptr);
    size_t elements = 0;
    for (const JsonValue element : scanner.root().elements()) elements += element.is_number() ? 1 : 0;
    EXPECT_EQ(elements, count);
  }
}

}  // namespace
}  // namespace kedge
