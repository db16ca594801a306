// What is secret is in nothing that the engine writes, says or sends, least of all when what it is for fails.
#include <filesystem>

#include "base/bytes.h"
#include "tests/e2e/http.h"
#include "tests/e2e/scene.h"

namespace kedge {
namespace {

constexpr auto kSaslPassword = "marker-of-the-sasl-password";
constexpr auto kAwsSecret = "marker-of-the-aws-secret-key";
constexpr auto kAwsToken = "marker-of-the-session-token";
constexpr auto kHookSecret = "marker-of-the-webhook-key-";
constexpr auto kHookPath = "marker-of-the-webhook-address";
constexpr auto kSlackPath = "marker-of-the-slack-address";
constexpr auto kExternalId = "marker-of-the-external-id";

class Secrets : public Scene {
 protected:
  void SetUp() override {
    Scene::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    engine_.environment = {{"KEDGE_TEST_SASL_PASSWORD", kSaslPassword}, {"KEDGE_TEST_HOOK_SECRET", hook_secret()}};
    const std::string secret_file = engine_.directory().write("aws-secret", kAwsSecret);
    Json& configuration = engine_.configuration;
    Json locked = configuration["sources"][0];
    locked["name"] = "locked";
    locked["group"] = topic_ + "-locked";
    locked["brokers"] = {broker_->address(KafkaListener::sasl_plain)};
    locked["properties"] = {{"security.protocol", "SASL_PLAINTEXT"},
                            {"sasl.mechanism", "PLAIN"},
                            {"sasl.username", "nobody"},
                            {"sasl.password", "${env:KEDGE_TEST_SASL_PASSWORD}"}};
    configuration["sources"].push_back(locked);
    configuration["aws"]["credentials"] = {{"access_key_id", "AKIAMARKER"},
                                           {"secret_access_key", "${file:" + secret_file + "}"},
                                           {"session_token", kAwsToken}};
    configuration["aws"]["roles"] = {
        {"999988887777", {{"arn", "arn:aws:iam::999988887777:role/kedge"}, {"external_id", kExternalId}}}};
    configuration["notify"]["channels"]["security"] = {
        {"kind", "webhook"}, {"url", hook_.url() + "/" + kHookPath}, {"secrets", {"${env:KEDGE_TEST_HOOK_SECRET}"}}};
    configuration["notify"]["channels"]["chat"] = {{"kind", "slack"}, {"url", slack_.url() + "/" + kSlackPath}};
    configuration["notify"]["alarms"] = {"security", "chat"};
    const std::string rule = "rules/aws/public_bucket.lua";
    std::string text = engine_.directory().read(rule);
    const std::string told = "\"security\"";
    ASSERT_NE(text.find(told), std::string::npos);
    engine_.directory().write(rule, text.replace(text.find(told), told.size(), told + ", \"chat\""));
    configuration["executor"] = {{"retry_first", "10ms"}, {"retry_most", "100ms"}};
  }

  static std::string hook_secret() { return "whsec_" + to_base64(kHookSecret); }

  // As AWS does where a signature is wrong: it shows the request as it understood it.
  void let_aws_repeat_what_it_is_sent() {
    cloud_->answer_instead([](const HttpReceiver::Request& request) {
      std::string shown;
      for (const auto& [name, value] : request.headers) shown += name + ":" + value + "\n";
      return HttpReceiver::Answer{.status = 403,
                                  .body =
                                      "<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we "
                                      "calculated does not match.</Message><CanonicalRequest>" +
                                      shown + "</CanonicalRequest></Error>",
                                  .content_type = "application/xml"};
    });
  }

  void expect_no_secret(const std::string& where, const std::string& text) {
    const std::string whsec = hook_secret();
    for (const std::string& secret :
         {std::string(kSaslPassword), std::string(kAwsSecret), std::string(kAwsToken), std::string(kHookSecret), whsec,
          whsec.substr(6), std::string(kHookPath), std::string(kSlackPath), std::string(kExternalId)}) {
      EXPECT_EQ(text.find(secret), std::string::npos)
          << secret << " is in " << where << ": ..."
          << text.substr(std::max<size_t>(200, text.find(secret)) - 200, 400);
    }
  }

  HttpReceiver slack_;
};

TEST_F(Secrets, AreNowhereWhenBrokerAwsAndHooksFail) {
  cloud_->make_bucket("locked-out");
  const Json event = cloud_->open_by_acl("locked-out");
  let_aws_repeat_what_it_is_sent();
  for (HttpReceiver* receiver : {&hook_, &slack_}) {
    receiver->answer_by([](const auto& request) {  // which tells what it was sent
      return HttpReceiver::Answer{.status = 500, .body = request.target + " " + request.body};
    });
  }
  engine_.start_unawaited();
  ASSERT_TRUE(comes_true([&] { return engine_.readiness().find("uthentication") != std::string::npos; }))
      << engine_.readiness();
  send(event);
  for (HttpReceiver* receiver : {&hook_, &slack_}) {
    const auto notices = receiver->wait_for(2, std::chrono::seconds(60));
    ASSERT_TRUE(notices) << notices.error().message << engine_.records({}).dump(1);
  }
  EXPECT_TRUE(hook_.requests().at(0).target.ends_with(kHookPath)) << "the secrets are used";
  EXPECT_EQ(cloud_->requests().at(0).header("x-amz-security-token"), kAwsToken);
  EXPECT_NE(engine_.records({}).dump().find("SignatureDoesNotMatch"), std::string::npos) << engine_.records({}).dump(1);

  const std::string listen = engine_.configuration.at("api").at("listen");
  for (const char* page : {"/metrics", "/readyz", "/healthz"}) {
    const auto answer = send_to("http://" + listen, {"GET", page, {}, ""});
    EXPECT_FALSE(answer.body.empty()) << page;
    expect_no_secret(page, answer.body);
  }
  for (const std::vector<std::string>& command : {std::vector<std::string>{"check", "--effective"},
                                                  {"check", "--connect"},
                                                  {"audit", "list"},
                                                  {"remediation", "list"},
                                                  {"dead-letter", "list"}}) {
    const Ran ran = engine_.run(command);
    EXPECT_FALSE(ran.output.empty());
    expect_no_secret("what `kedge " + command.at(0) + " " + command.at(1) + "` prints", ran.output);
  }
  for (const HttpReceiver* receiver : {&hook_, &slack_}) {
    for (const auto& request : receiver->requests()) expect_no_secret("a notice", request.body);
  }
  EXPECT_EQ(engine_.stop()->code, 0);
  expect_no_secret("the log", engine_.output());
  for (const auto& file : std::filesystem::recursive_directory_iterator(engine_.directory().path() / "data")) {
    if (!file.is_regular_file()) continue;
    expect_no_secret(file.path().filename(), engine_.directory().read("data" / file.path().filename()));
  }
}

}  // namespace
}  // namespace kedge
