#include "notify/slack_message.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/json.h"

namespace kedge {
namespace {

Notice notice_with(Json data) {
  Notice notice;
  notice.id = "msg_1";
  notice.type = "kedge.remediation.confirmed";
  notice.data = std::move(data);
  notice.created = *parse_time("2026-01-01T00:00:00Z");
  return notice;
}

Json block(const Json& message, const std::string& type) {
  for (const Json& one : message["blocks"]) {
    if (one["type"] == type) return one;
  }
  return nullptr;
}

TEST(SlackMessage, ShowsTheTitleTheFieldsAndTheIds) {
  const Json message = slack_message(notice_with({{"title", "S3 bucket made public"},
                                                  {"severity", "high"},
                                                  {"target", "arn:aws:s3:::b"},
                                                  {"actor", {{"principal", "arn:aws:iam::1:user/mallory"}}},
                                                  {"phases", {{"detection", 1'500'000}, {"evaluation", 250'400}}},
                                                  {"remediation", "0194-r"},
                                                  {"seq", 1042}}));
  EXPECT_EQ(message["text"], "S3 bucket made public: remediation confirmed (arn:aws:s3:::b)");
  EXPECT_EQ(block(message, "header")["text"]["text"], "S3 bucket made public: remediation confirmed");
  const Json fields = block(message, "section")["fields"];
  ASSERT_EQ(fields.size(), 4);
  EXPECT_EQ(fields[0]["text"], "*Severity*\nhigh");
  EXPECT_EQ(fields[1]["text"], "*Target*\narn:aws:s3:::b");
  EXPECT_EQ(fields[2]["text"], "*Caused by*\narn:aws:iam::1:user/mallory");
  EXPECT_EQ(fields[3]["text"], "*Took*\n1750ms");
  EXPECT_EQ(block(message, "context")["elements"][0]["text"],
            "0194-r · record 1042 · msg_1 · 2026-01-01T00:00:00.000000Z");
}

TEST(SlackMessage, SaysTheReasonInAParagraph) {
  const Json message = slack_message(notice_with({{"reason", "held by the rate guard"}}));
  EXPECT_EQ(block(message, "section")["text"]["text"], "held by the rate guard");
}

TEST(SlackMessage, SaysOfADigestHowManyItTellsOf) {
  Notice digest;
  digest.type = "kedge.digest";
  digest.data = {
      {"title", "Bucket made public"}, {"of", "kedge.remediation.held"}, {"count", 3}, {"message", "3 more"}};
  EXPECT_EQ(slack_message(digest)["text"], "Bucket made public: remediation held, 3 more");
}

TEST(SlackMessage, IsAMessageForDataOfAnyShape) {
  for (const Json& data : {Json(), Json(7), Json::array({1}), Json{{"title", Json::array()}},
                           Json{{"target", nullptr}, {"actor", 7}, {"phases", {"x"}}}}) {
    const Json message = slack_message(notice_with(data));
    EXPECT_EQ(message["text"], "remediation confirmed");
    EXPECT_FALSE(block(message, "header").is_null());
  }
}

TEST(SlackMessage, LetsNobodyForgeLinksOrMentions) {
  const Json message = slack_message(notice_with({{"target", "<!channel> <https://evil.example|click> & co"}}));
  const std::string text = message.dump();
  EXPECT_EQ(text.find('<'), std::string::npos);
  EXPECT_EQ(text.find('>'), std::string::npos);
  const Json section = block(message, "section");
  for (const Json& field : section["fields"]) EXPECT_EQ(field["verbatim"], true);
}

TEST(SlackMessage, StaysWithinSlacksLimits) {
  Json data = {{"title", std::string(5000, '&')}, {"reason", std::string(9000, 'r')}};
  for (const char* name : {"severity", "target", "rule", "state", "guard", "alarm"})
    data[name] = std::string(5000, '<');
  const Json message = slack_message(notice_with(data));
  EXPECT_LE(block(message, "header")["text"]["text"].get<std::string>().size(), 150);
  for (const Json& one : message["blocks"]) {
    if (one["type"] != "section") continue;
    if (one.contains("text")) {
      EXPECT_LE(one["text"]["text"].get<std::string>().size(), 3000);
    } else {
      EXPECT_EQ(one["fields"].size(), 6);
      for (const Json& field : one["fields"]) EXPECT_LE(field["text"].get<std::string>().size(), 2000);
    }
  }
}

TEST(SlackEscape, CutsNeitherAnEntityNorACharacter) {
  const std::string text = "aä&b<é>€ü&";
  const std::string whole = slack_escape(text, 1000);
  EXPECT_EQ(whole, "aä&amp;b&lt;é&gt;€ü&amp;");
  for (size_t bytes_max = 3; bytes_max <= whole.size(); ++bytes_max) {
    const std::string cut = slack_escape(text, bytes_max);
    EXPECT_LE(cut.size(), bytes_max);
    EXPECT_TRUE(is_utf8(cut)) << cut;
    EXPECT_EQ(std::count(cut.begin(), cut.end(), '&'), std::count(cut.begin(), cut.end(), ';')) << cut;
    EXPECT_EQ(cut.ends_with("…"), bytes_max < whole.size());
  }
}

}  // namespace
}  // namespace kedge
