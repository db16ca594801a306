// What a rule left alone, and why: asked of the real engine, whose rule changed in between, and of a topic that lost
// records meanwhile.
#include <csignal>

#include "tests/e2e/scene.h"

namespace kedge {
namespace {

constexpr const char* kRule = "test.tagged";

// It wants to act on buckets whose name begins so.
std::string rule_for(const std::string& prefix) {
  return R"(rule "test.tagged" {
  mode = "shadow",
  on = { source = { "aws.s3" }, detail = { eventName = { "PutBucketTagging" }, errorCode = { { exists = false } } } },
  when = function(event) return string.sub(event.detail.requestParameters.bucketName, 1, 1) == ")" +
         prefix + R"(" end,
  target = function(event) return "arn:aws:s3:::" .. event.detail.requestParameters.bucketName end,
  respond = function(event, target)
    return { revert = { action.aws.s3.block_public_access { bucket = event.detail.requestParameters.bucketName } } }
  end,
}
)";
}

class AuditWhy : public Scene {
 protected:
  void use_rule_for(const std::string& prefix) { engine_.directory().write("rules/tagged.lua", rule_for(prefix)); }

  void tag(const std::string& bucket, const Json& also = Json::object()) {
    Json event = cloudtrail_event("PutBucketTagging", bucket, Json::object());
    event.update(also);
    send(event);
  }

  // Until so many events, of all that were sent, were left alone by `when`.
  void wait_for_when(int64_t count) {
    ASSERT_TRUE(comes_true([&] {
      const Json rules = engine_.ask({"audit", "stats", "--rule", kRule}).at("rules");
      return !rules.empty() && rules.at(0).at("only_counted") == count;
    }));
  }

  Json why(std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"audit", "why", kRule, "--from", "2020-01-01"});
    options.insert(options.end(), {"--output", "json"});
    const Ran ran = engine_.run(std::move(options));
    EXPECT_EQ(ran.exit, Exit{}) << ran.output;
    Json said = Json::parse(ran.output, nullptr, false);
    EXPECT_FALSE(said.is_discarded()) << ran.output;
    return said;
  }

  static std::vector<std::string> answers(const Json& said) {
    std::vector<std::string> lines;
    for (const Json& one : said.at("answers")) {
      lines.push_back(one.at("answer").get<std::string>() + " " + one.at("target").get<std::string>());
    }
    return lines;
  }
};

TEST_F(AuditWhy, TellsEachAnswerByTheVersionInForceAndWhatIsGone) {
  use_rule_for("a");
  engine_.start();
  tag("apple");                                     // suppressed, as the rule is in mode shadow
  tag("pear");                                      // when
  tag("apricot", {{"errorCode", "AccessDenied"}});  // nearly
  wait_for_when(1);
  use_rule_for("p");
  engine_.process().signal(SIGHUP);
  wait_for_records("rules_loaded", 2);
  tag("apple");
  tag("pear");
  tag("plum");
  wait_for_when(2);

  const Json said = why();
  const std::vector<std::string> expected = {
      "suppressed arn:aws:s3:::apple", "when ", "nearly ", "when ", "suppressed arn:aws:s3:::pear",
      "suppressed arn:aws:s3:::plum"};
  EXPECT_EQ(answers(said), expected) << said.dump(1);
  const Json& single = said.at("answers");
  ASSERT_EQ(single.size(), 6U);
  EXPECT_EQ(single.at(1).at("version"), single.at(0).at("version"));
  EXPECT_NE(single.at(3).at("version"), single.at(0).at("version"));
  EXPECT_EQ(single.at(1).at("why"), "`when` said no");
  EXPECT_NE(single.at(0).at("why").get<std::string>().find("in mode shadow"), std::string::npos);
  EXPECT_NE(single.at(2).at("why").get<std::string>().find("found \"AccessDenied\" at detail.errorCode"),
            std::string::npos);
  EXPECT_NE(single.at(1).at("actor").get<std::string>().find("user/mallory"), std::string::npos);
  ASSERT_EQ(said.at("records").size(), 1U) << said.dump(1);
  EXPECT_EQ(said.at("records").at(0).at("count"), 3);
  std::map<std::string, std::pair<int64_t, int64_t>> sums;  // of the hours, of which there may be two
  for (const Json& hour : said.at("hours")) {
    auto& [counted, again] = sums[hour.at("answer")];
    counted += hour.at("counted").get<int64_t>();
    again += hour.at("asked_again").get<int64_t>();
    EXPECT_NE(hour.at("verdict"), "differs");
  }
  EXPECT_EQ(sums["when"], std::pair(int64_t{2}, int64_t{2}));
  EXPECT_EQ(sums["plan"], std::pair(int64_t{3}, int64_t{3}));
  EXPECT_EQ(said.at("notes"), Json::array());

  ASSERT_TRUE(delete_records(broker_->properties(), topic_, 0, 2));
  ASSERT_TRUE(engine_.stop().ok());
  const Json later = why({"--limit", "3"});
  EXPECT_EQ(later.at("events"), 4);
  EXPECT_EQ(answers(later), (std::vector<std::string>{"nearly ", "when ", "suppressed arn:aws:s3:::pear"}));
  EXPECT_EQ(later.at("more"), 1);
  EXPECT_NE(later.at("notes").dump().find("keeps records since"), std::string::npos) << later.at("notes");
  EXPECT_EQ(later.at("hours").at(0).at("verdict"), "unknown") << later.at("hours").dump(1);
}

}  // namespace
}  // namespace kedge
