#include "notify/webhook_notifier.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <thread>

#include "base/json.h"
#include "http/curl_client.h"
#include "notify/signature.h"
#include "tests/notify/recording_client.h"

namespace kedge {
namespace {

using testing::header_of;
using testing::RecordingClient;

const Time kNow = *parse_time("2026-01-01T00:00:09.5Z");

Notice a_notice() {
  Notice notice;
  notice.number = 4;
  notice.id = "msg_1";
  notice.channel = "security";
  notice.type = "kedge.remediation.confirmed";
  notice.data = {{"target", "arn:aws:s3:::b"}};
  notice.created = *parse_time("2026-01-01T00:00:00Z");
  return notice;
}

WebhookNotifier::Options options_to(const std::string& url) {
  return {.url = url, .keys = {std::string(32, 'a'), std::string(32, 'b')}};
}

TEST(WebhookNotifier, SendsTypeTimeAndDataSignedWithEveryKey) {
  RecordingClient client;
  WebhookNotifier notifier(options_to("https://hooks.example/x"), client);
  EXPECT_EQ(notifier.deliver(a_notice(), kNow, {}).kind, Delivery::Kind::delivered);

  const HttpRequest& request = client.requests.at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://hooks.example/x");
  EXPECT_EQ(parse_json(request.body).value(), (Json{{"type", "kedge.remediation.confirmed"},
                                                    {"timestamp", "2026-01-01T00:00:00.000000Z"},
                                                    {"data", {{"target", "arn:aws:s3:::b"}}}}));
  EXPECT_EQ(header_of(request, "content-type"), "application/json");
  EXPECT_EQ(header_of(request, "webhook-id"), "msg_1");
  EXPECT_EQ(header_of(request, "webhook-timestamp"), "1767225609");
  EXPECT_EQ(header_of(request, "webhook-signature"),
            webhook_signature({std::string(32, 'a'), std::string(32, 'b')}, "msg_1", 1767225609, request.body));
}

TEST(WebhookNotifier, SendsTheSameIdAndANewTimeAtEachTry) {
  RecordingClient client;
  WebhookNotifier notifier(options_to("https://hooks.example/x"), client);
  (void)notifier.deliver(a_notice(), kNow, {});
  (void)notifier.deliver(a_notice(), kNow + std::chrono::seconds(5), {});
  EXPECT_EQ(header_of(client.requests.at(0), "webhook-id"), header_of(client.requests.at(1), "webhook-id"));
  EXPECT_EQ(header_of(client.requests.at(1), "webhook-timestamp"), "1767225614");
}

TEST(WebhookNotifier, SendsWhatIsNotUtf8AsReplacementCharacters) {
  RecordingClient client;
  WebhookNotifier notifier(options_to("https://hooks.example/x"), client);
  Notice notice = a_notice();
  notice.data = {{"target", "\xff"}};
  (void)notifier.deliver(notice, kNow, {});
  EXPECT_TRUE(parse_json(client.requests.at(0).body));
}

// A receiver as people write them, over the real client.
class Receiver {
 public:
  Receiver() {
    server_.Post("/hook", [this](const httplib::Request& request, httplib::Response& response) {
      body = request.body;
      signature = request.get_header_value("webhook-signature");
      id = request.get_header_value("webhook-id");
      timestamp = request.get_header_value("webhook-timestamp");
      response.status = 204;
    });
    server_.Post("/busy", [](const httplib::Request&, httplib::Response& response) {
      response.status = 429;
      response.set_header("Retry-After", "7");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~Receiver() {
    server_.stop();
    thread_.join();
  }
  std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

  std::string body, signature, id, timestamp;

 private:
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

TEST(WebhookNotifier, IsVerifiedByAReceiverFromWhatCameOverTheWire) {
  Receiver receiver;
  CurlClient client;
  WebhookNotifier notifier(options_to(receiver.url("/hook")), client);
  const Delivery delivery = notifier.deliver(a_notice(), kNow, {});
  EXPECT_EQ(delivery.kind, Delivery::Kind::delivered) << delivery.error;
  EXPECT_EQ(delivery.status, 204);
  EXPECT_EQ(receiver.signature, webhook_signature({std::string(32, 'a'), std::string(32, 'b')}, receiver.id,
                                                  std::stoll(receiver.timestamp), receiver.body));
}

TEST(WebhookNotifier, HearsHowLongABusyReceiverWantsItToWait) {
  Receiver receiver;
  CurlClient client;
  WebhookNotifier notifier(options_to(receiver.url("/busy")), client);
  const Delivery delivery = notifier.deliver(a_notice(), kNow, {});
  EXPECT_EQ(delivery.kind, Delivery::Kind::retry);
  EXPECT_EQ(delivery.retry_after, Duration(std::chrono::seconds(7)));
}

TEST(WebhookNotifier, TellsNothingOfItsUrlButTheServerWhenNobodyListens) {
  CurlClient client;
  WebhookNotifier notifier(options_to("http://127.0.0.1:1/hook/s3cret?token=s3cret"), client);
  const Delivery delivery = notifier.deliver(a_notice(), kNow, {});
  EXPECT_EQ(delivery.kind, Delivery::Kind::retry);
  EXPECT_FALSE(delivery.error.empty());
  EXPECT_EQ(delivery.error.find("s3cret"), std::string::npos) << delivery.error;
}

}  // namespace
}  // namespace kedge
