#include "notify/slack_notifier.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/notify/recording_client.h"

namespace kedge {
namespace {

using testing::header_of;
using testing::RecordingClient;

const Time kNow = *parse_time("2026-01-01T00:00:00Z");

Notice a_notice() {
  Notice notice;
  notice.id = "msg_1";
  notice.type = "kedge.alarm";
  notice.data = {{"message", "a partition stopped"}};
  return notice;
}

Delivery deliver(Result<HttpResponse> answer) {
  RecordingClient client(std::move(answer));
  SlackNotifier notifier({.url = "https://hooks.slack.example/services/T0/B0/s3cret"}, client);
  return notifier.deliver(a_notice(), kNow, {});
}

TEST(SlackNotifier, PostsTheMessageAsJson) {
  RecordingClient client;
  SlackNotifier notifier({.url = "https://hooks.slack.example/services/T0/B0/s3cret"}, client);
  EXPECT_EQ(notifier.deliver(a_notice(), kNow, {}).kind, Delivery::Kind::delivered);
  EXPECT_EQ(header_of(client.requests.at(0), "content-type"), "application/json");
  EXPECT_EQ(parse_json(client.requests.at(0).body).value()["text"], "alarm");
}

TEST(SlackNotifier, GivesUpTheChannelWhenItsWebhookIsGoneOrRevoked) {
  for (const int status : {403, 404, 410}) {
    EXPECT_EQ(deliver(HttpResponse{status, {}, "no_service"}).kind, Delivery::Kind::disabled) << status;
  }
}

TEST(SlackNotifier, NamesSlacksOwnReason) {
  const Delivery delivery = deliver(HttpResponse{400, {}, "invalid_blocks"});
  EXPECT_EQ(delivery.kind, Delivery::Kind::permanent);
  EXPECT_NE(delivery.error.find("invalid_blocks"), std::string::npos);
}

TEST(SlackNotifier, RepeatsNoOtherWordsOfTheAnswer) {
  const Delivery delivery = deliver(HttpResponse{404, {}, "no route /services/T0/B0/s3cret"});
  EXPECT_EQ(delivery.error.find("s3cret"), std::string::npos);
}

TEST(SlackNotifier, WaitsAsLongAsSlackSays) {
  const Delivery delivery = deliver(HttpResponse{429, {{"Retry-After", "30"}}, R"({"ok":false})"});
  EXPECT_EQ(delivery.kind, Delivery::Kind::retry);
  EXPECT_EQ(delivery.retry_after, Duration(std::chrono::seconds(30)));
}

}  // namespace
}  // namespace kedge
