#include "notify/channel.h"

#include <gtest/gtest.h>

#include "tests/notify/recording_client.h"

namespace kedge {
namespace {

using testing::RecordingClient;

ChannelOptions a_webhook() {
  ChannelOptions options;
  options.name = "security";
  options.url = "https://hooks.example/s3cret";
  options.secrets = {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
  return options;
}

ChannelOptions a_slack() {
  ChannelOptions options;
  options.name = "ops";
  options.kind = ChannelOptions::Kind::slack;
  options.url = "https://hooks.slack.example/services/T0/B0/s3cret";
  return options;
}

ChannelOptions a_topic() {
  ChannelOptions options;
  options.name = "letters";
  options.kind = ChannelOptions::Kind::kafka;
  options.kafka.brokers = "broker:9092";
  options.kafka.topic = "dead-letters";
  return options;
}

TEST(Channel, IsOpenedFromItsOptions) {
  RecordingClient client;
  const auto channel = open_channel(a_webhook(), client, "ledger");
  ASSERT_TRUE(channel) << channel.error().message;
  EXPECT_EQ(channel->name, "security");
  EXPECT_NE(channel->notifier, nullptr);
}

TEST(Channel, OfSlackSendsOnceASecondAtMost) {
  RecordingClient client;
  const auto channel = open_channel(a_slack(), client, "ledger");
  ASSERT_TRUE(channel) << channel.error().message;
  EXPECT_EQ(channel->pace.spacing, Duration(std::chrono::seconds(1)));
}

TEST(Channel, NamesTheMemberThatIsWrong) {
  RecordingClient client;
  const auto error_of = [&](auto change, ChannelOptions options) {
    change(options);
    const auto channel = open_channel(options, client, "ledger");
    return channel ? "" : channel.error().message;
  };
  EXPECT_NE(error_of([](auto& o) { o.secrets.clear(); }, a_webhook()).find("'security': secrets:"), std::string::npos);
  EXPECT_NE(error_of([](auto& o) { o.secrets.push_back("x"); }, a_webhook()).find("secrets[1]:"), std::string::npos);
  EXPECT_NE(error_of([](auto& o) { o.url = "ftp://x"; }, a_webhook()).find("url:"), std::string::npos);
  EXPECT_NE(error_of([](auto& o) { o.timeout = Duration(0); }, a_webhook()).find("timeout:"), std::string::npos);
  EXPECT_NE(error_of([](auto& o) { o.notices_per_minute = 0; }, a_webhook()).find("notices_per_minute:"),
            std::string::npos);
  EXPECT_NE(error_of([](auto& o) { o.secrets = {"x"}; }, a_slack()).find("secrets:"), std::string::npos);
  EXPECT_NE(error_of([](auto& o) { o.kafka.topic = "x"; }, a_slack()).find("topic: only"), std::string::npos);
  EXPECT_EQ(error_of([](auto&) {}, a_topic()), "");
  EXPECT_NE(error_of([](auto& o) { o.kafka.brokers = ""; }, a_topic()).find("brokers"), std::string::npos);
  EXPECT_NE(error_of([](auto& o) { o.kafka.properties["acks"] = "0"; }, a_topic()).find("properties.acks:"),
            std::string::npos);
  EXPECT_NE(error_of([](auto& o) { o.url = "https://x"; }, a_topic()).find("url:"), std::string::npos);
  EXPECT_NE(error_of([](auto& o) { o.secrets = {"x"}; }, a_topic()).find("secrets:"), std::string::npos);
}

TEST(Channel, RepeatsNoSecretInAnError) {
  RecordingClient client;
  ChannelOptions options = a_webhook();
  options.secrets = {"whsec_s3cret"};
  EXPECT_EQ(open_channel(options, client, "ledger").error().message.find("s3cret"), std::string::npos);
  options = a_slack();
  options.url = "hooks.slack.example/services/T0/B0/s3cret";
  EXPECT_EQ(open_channel(options, client, "ledger").error().message.find("s3cret"), std::string::npos);
}

TEST(ChannelKind, SuggestsTheOneThatWasMeant) {
  EXPECT_EQ(*parse_channel_kind("slack"), ChannelOptions::Kind::slack);
  EXPECT_NE(parse_channel_kind("webhok").error().message.find("did you mean 'webhook'"), std::string::npos);
}

}  // namespace
}  // namespace kedge
