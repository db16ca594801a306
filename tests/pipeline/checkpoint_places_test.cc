// The places that checkpoints go to, as they are opened from their options: what goes over the wire, and what is said
// when it does not.
#include "pipeline/checkpoint_places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "http/curl_client.h"
#include "kafka/mock_cluster.h"
#include "notify/signature.h"
#include "tests/audit/log_files.h"
#include "tests/audit/reference_tree.h"
#include "tests/support/http_receiver.h"
#include "tests/support/kafka_client.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr auto kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const Time kNow = *parse_time("2026-01-01T00:00:09Z");

PublishedCheckpoint checkpoint() { return {vectors::kOrigin, 5, vectors::kCheckpoint}; }

class CheckpointPlaces : public testing::Test {
 protected:
  std::unique_ptr<CheckpointPlace> open(decltype(CheckpointPlaceOptions::place) place) {
    CheckpointPlaceOptions options;
    options.place = std::move(place);
    return open_checkpoint_place(options, http_).value();
  }
  std::unique_ptr<CheckpointPlace> webhook(Duration timeout = seconds(20)) {
    return open(CheckpointWebhookOptions{receiver_.url() + "/secret-path", {kSecret}, {{"x-token", "t"}}, timeout});
  }

  CurlClient http_;
  HttpReceiver receiver_;
};

TEST_F(CheckpointPlaces, TheFileHasTheNote) {
  const TemporaryDirectory directory;
  EXPECT_EQ(open(CheckpointFileOptions{directory.path() / "kept"})->publish(checkpoint(), kNow, {}).kind,
            Delivery::Kind::delivered);
  EXPECT_EQ(read_file(directory.path() / "kept").value(), vectors::kCheckpoint);
}

TEST_F(CheckpointPlaces, TheWebhookGetsTheNoteAsItIsSignedAndWithOneIdForEachCheckpoint) {
  const auto place = webhook();
  ASSERT_EQ(place->publish(checkpoint(), kNow, {}).kind, Delivery::Kind::delivered);
  ASSERT_EQ(place->publish(checkpoint(), kNow + seconds(9), {}).kind, Delivery::Kind::delivered);
  const auto requests = receiver_.requests();
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].body, vectors::kCheckpoint);
  EXPECT_EQ(requests[0].header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(requests[0].header("x-token"), "t");
  const std::string id = requests[0].header("webhook-id");
  EXPECT_THAT(id, StartsWith("checkpoint_5_"));
  EXPECT_EQ(requests[0].header("webhook-signature"),
            webhook_signature({webhook_key(kSecret).value()}, id, 1767225609, vectors::kCheckpoint));
  EXPECT_EQ(requests[1].header("webhook-id"), id);
}

TEST_F(CheckpointPlaces, TheWebhookThatAnswers500IsTriedAgain) {
  receiver_.answer_next({.status = 500, .body = "a secret that it repeats"});
  const Delivery delivery = webhook()->publish(checkpoint(), kNow, {});
  EXPECT_EQ(delivery.kind, Delivery::Kind::retry);
  EXPECT_EQ(delivery.error, "the receiver answered 500");
}

TEST_F(CheckpointPlaces, TheWebhookThatIsSlowOrAwayIsSaidToBeSoWithoutItsUrl) {
  receiver_.answer_next({.delay = seconds(60)});
  const Delivery slow = webhook(milliseconds(200))->publish(checkpoint(), kNow, {});
  EXPECT_EQ(slow.kind, Delivery::Kind::retry);
  const Delivery away =
      open(CheckpointWebhookOptions{"http://127.0.0.1:1/secret-path", {}, {}})->publish(checkpoint(), kNow, {});
  EXPECT_EQ(away.kind, Delivery::Kind::retry);
  for (const Delivery& delivery : {slow, away}) {
    EXPECT_NE(delivery.error, "");
    EXPECT_THAT(delivery.error, Not(HasSubstr("secret-path")));
  }
}

TEST_F(CheckpointPlaces, TheTopicHasTheNoteUnderTheLogsOrigin) {
  const auto cluster = MockCluster::start({{"checkpoints", 1}}).value();
  const auto place = open(CheckpointTopicOptions{cluster->bootstrap_servers(), "checkpoints", {}});
  ASSERT_EQ(place->publish(checkpoint(), kNow, {}).kind, Delivery::Kind::delivered);
  const auto records =
      read_topic({{"bootstrap.servers", cluster->bootstrap_servers()}, {"fetch.wait.max.ms", "10"}}, "checkpoints", 1);
  ASSERT_TRUE(records) << records.error().message;
  EXPECT_EQ(records->front().key, vectors::kOrigin);
  EXPECT_EQ(records->front().value, vectors::kCheckpoint);
  EXPECT_EQ(records->front().headers, (std::vector<std::pair<std::string, std::string>>{{"size", "5"}}));
}

TEST_F(CheckpointPlaces, TheTopicWhoseBrokersAreAwayIsTriedAgain) {
  const auto place = open(CheckpointTopicOptions{"127.0.0.1:1", "checkpoints", {}, seconds(1)});
  const Delivery delivery = place->publish(checkpoint(), kNow, {});
  EXPECT_EQ(delivery.kind, Delivery::Kind::retry);
  EXPECT_THAT(delivery.error, HasSubstr("127.0.0.1:1"));
}

TEST_F(CheckpointPlaces, AWebhookIsCheckedWithoutRepeatingWhatIsSecret) {
  EXPECT_TRUE(check_webhook({"https://hooks.example/x", {}, {}}));
  const auto wrong = check_webhook({"https://hooks.example/x", {kSecret, "whsec_tooshort"}, {}});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, StartsWith("secrets[1]: must be 'whsec_'"));
  EXPECT_THAT(wrong.error().message, Not(HasSubstr("tooshort")));
}

}  // namespace
}  // namespace kedge
