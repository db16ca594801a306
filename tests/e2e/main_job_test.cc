// The main job: what somebody opened is private again, proven and on record, and it is done once.
#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"
#include "tests/e2e/scene.h"

namespace kedge {
namespace {

class MainJob : public Scene, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override { set_up(GetParam()); }

  // All sections of the document that people get, in both forms.
  void expect_report(const std::string& remediation) {
    for (const std::string form : {"markdown", "html"}) {
      const Ran ran = engine_.run({"audit", "report", remediation, "--format", form});
      ASSERT_EQ(ran.exit, Exit{}) << ran.output;
      for (const char* title :
           {"What happened", "Data", "The five phases", "The plan, and what came of it", "Before (-) and after (+)",
            "Who was told", "Impact", "Contributing factors", "What was learned", "How to prevent it"}) {
        EXPECT_NE(ran.output.find(title), std::string::npos) << form << ": " << title << "\n" << ran.output;
      }
      EXPECT_NE(ran.output.find(remediation), std::string::npos) << form;
    }
  }
};

// Standard Webhooks: base64 of HMAC-SHA-256 over "id.timestamp.body".
bool is_signed(const HttpReceiver::Request& notice) {
  const std::string signed_text =
      notice.header("webhook-id") + "." + notice.header("webhook-timestamp") + "." + notice.body;
  const Digest expected = hmac_sha256(kHookKey, signed_text);
  return notice.header("webhook-signature") == "v1," + to_base64(expected.as_bytes());
}

TEST_P(MainJob, ClosesWhateverOpenedABucketAndConfirmsIt) {
  for (const char* bucket : {"by-acl", "by-policy", "by-block"}) cloud_->make_bucket(bucket);
  engine_.start();
  send(cloud_->open_by_acl("by-acl"));
  send(cloud_->open_by_policy("by-policy"));
  send(cloud_->open_by_removing_its_block("by-block"));

  const Json confirmations = wait_for_records("confirmation", 3);
  for (const char* bucket : {"by-acl", "by-policy", "by-block"}) {
    EXPECT_TRUE(cloud_->is_blocked(bucket)) << bucket;
    EXPECT_FALSE(cloud_->acl_is_public(bucket)) << bucket;
  }
  for (const Json& row : confirmations) {
    const Json story = engine_.ask({"audit", "show", row.at("remediation")});
    EXPECT_EQ(story.at("state"), "confirmed");
    for (const char* phase : {"detection", "evaluation", "response", "recovery", "confirmation"}) {
      EXPECT_TRUE(story.at("phases").contains(phase)) << phase << " is not in " << story.at("phases");
    }
  }
  expect_report(confirmations.at(0).at("remediation"));
  const auto notices = hook_.wait_for(3);
  ASSERT_TRUE(notices) << notices.error().message;
  EXPECT_TRUE(std::all_of(notices->begin(), notices->end(), is_signed));
}

TEST_P(MainJob, DoesNothingMoreWhenTheSameChangeIsToldAgain) {
  cloud_->make_bucket("told-again");
  cloud_->make_bucket("private");
  engine_.start();
  const Json event = cloud_->open_by_acl("told-again");
  send(event);
  wait_for_records("confirmation", 1);
  const auto writes = cloud_->writes("told-again");
  EXPECT_FALSE(writes.empty());

  send(event);
  send(in_eventbridge(event));
  // When this one is decided, those before it are. Its bucket is private without a policy too.
  send(cloudtrail_event("DeleteBucketPolicy", "private", Json::object()));
  wait_for_records("plan", 2);
  EXPECT_EQ(engine_.records({"--kind", "plan", "--target", "told-again"}).size(), 1U);
  wait_for_records("confirmation", 2);
  EXPECT_EQ(cloud_->writes("told-again"), writes);
  EXPECT_TRUE(cloud_->writes("private").empty());
}

INSTANTIATE_TEST_SUITE_P(Brokers, MainJob, testing::Values("3.9.2", "4.3.1"), [](const auto& instance) {
  std::string name = instance.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

}  // namespace
}  // namespace kedge
