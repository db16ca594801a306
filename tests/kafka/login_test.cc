// Consumers at the listeners of a real broker: who gets in, and what is said to whom does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kafka/consuming.h"
#include "tests/kafka/producer.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/needs.h"

namespace kedge {
namespace {

using Kind = KafkaProblem::Kind;
using testing::HasSubstr;
using testing::Not;

// The options of a consumer at a listener, with some of the properties changed.
ConsumerOptions options_at(const KafkaBroker& broker, KafkaListener listener, const std::string& topic,
                           const KafkaProperties& changed = {}) {
  KafkaProperties properties = broker.properties(listener);
  const std::string address = properties.at("bootstrap.servers");
  properties.erase("bootstrap.servers");
  for (const auto& [name, value] : changed) properties[name] = value;
  return {.brokers = address,
          .group = unique("group"),
          .instance = "",
          .topics = {topic},
          .properties = std::move(properties)};
}

bool scram_works(const KafkaBroker& broker) {
  constexpr int kMended = 0x020601ff;
  return broker.version().starts_with("3.") || rd_kafka_version() >= kMended;
}

class LogIn : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto broker = KafkaBroker::shared(GetParam());
    KEDGE_NEEDS(broker);
    broker_ = *std::move(broker);
    topic_ = unique("events");
    ASSERT_TRUE(create_topic(broker_->properties(), topic_, 1));
    TestProducer(broker_->properties()).produce_numbers(topic_, 0, 1);
  }

  KafkaProblem refusal(KafkaListener listener, const KafkaProperties& changed) {
    const auto consumer = open_consumer(options_at(*broker_, listener, topic_, changed));
    for (;;) {
      const KafkaProblem problem = poll_for<KafkaProblem>(*consumer);
      if (problem.kind == Kind::log_in) return problem;  // it may be preceded by "all brokers are down"
    }
  }

  std::unique_ptr<KafkaBroker> broker_;
  std::string topic_;
};

TEST_P(LogIn, SucceedsAtEveryListener) {
  for (const auto listener :
       {KafkaListener::plain, KafkaListener::sasl_plain, KafkaListener::tls, KafkaListener::sasl_tls}) {
    SCOPED_TRACE(static_cast<int>(listener));
    const auto consumer = open_consumer(options_at(*broker_, listener, topic_));
    start_reading(*consumer);
    EXPECT_EQ(read_values(*consumer, 1).front(), "0");
  }
}

TEST_P(LogIn, ByScramSucceedsOrNamesTheLibraryThatMendsIt) {
  if (!scram_works(*broker_)) {
    EXPECT_THAT(refusal(KafkaListener::sasl_scram, {}).text, HasSubstr("2.6.1 mends it"));
    return;
  }
  const auto consumer = open_consumer(options_at(*broker_, KafkaListener::sasl_scram, topic_));
  start_reading(*consumer);
  EXPECT_EQ(read_values(*consumer, 1).front(), "0");
}

TEST_P(LogIn, WithAWrongPasswordIsRefusedWithoutShowingIt) {
  const KafkaProblem problem = refusal(KafkaListener::sasl_plain, {{"sasl.password", "not-the-password"}});
  EXPECT_THAT(problem.text, HasSubstr("check sasl.username and sasl.password"));
  EXPECT_THAT(problem.text, Not(HasSubstr("not-the-password")));
}

TEST_P(LogIn, ToABrokerThatNobodyVouchesForNamesTheSettingForIt) {
  const KafkaProblem problem = refusal(KafkaListener::tls, {{"ssl.ca.location", "/etc/ssl/certs/ca-certificates.crt"}});
  EXPECT_THAT(problem.text, HasSubstr("ssl.ca.location"));
}

INSTANTIATE_TEST_SUITE_P(Kafka, LogIn, testing::Values("3.9.2", "4.3.1"),
                         [](const auto& version) { return std::string(version.param).substr(0, 1); });

// A broker that lets in whoever has a certificate of its authority.
class ClientCertificate : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto broker =
        KafkaBroker::start({.version = GetParam(), .properties = {"listener.name.ssl.ssl.client.auth=required"}});
    KEDGE_NEEDS(broker);
    broker_ = *std::move(broker);
    ASSERT_TRUE(create_topic(broker_->properties(), "events", 1));
    TestProducer(broker_->properties()).produce_numbers("events", 0, 1);
  }

  KafkaProperties ours() const {
    return {{"ssl.certificate.location", broker_->client_certificate().string()},
            {"ssl.key.location", broker_->client_key().string()}};
  }

  std::unique_ptr<KafkaBroker> broker_;
};

TEST_P(ClientCertificate, LetsUsIn) {
  const auto consumer = open_consumer(options_at(*broker_, KafkaListener::tls, "events", ours()));
  start_reading(*consumer);
  EXPECT_EQ(read_values(*consumer, 1).front(), "0");
}

TEST_P(ClientCertificate, IsAskedForByNameWhereWeHaveNone) {
  const auto consumer = open_consumer(options_at(*broker_, KafkaListener::tls, "events"));
  std::string said;
  for (int problems = 0; problems < 4; ++problems) {
    const KafkaProblem problem = poll_for<KafkaProblem>(*consumer);
    said += problem.text + "\n";
    if (problem.kind != Kind::log_in) continue;  // it may be preceded by "all brokers are down"
    EXPECT_THAT(problem.text, HasSubstr("ssl.certificate.location"));
    EXPECT_THAT(problem.text, HasSubstr("ssl.key.location"));
    return;
  }
  ADD_FAILURE() << said;
}

INSTANTIATE_TEST_SUITE_P(Kafka, ClientCertificate, testing::Values("3.9.2", "4.3.1"),
                         [](const auto& version) { return std::string(version.param).substr(0, 1); });

TEST(Grants, ThatAreMissingAreNamedLoudlyAndWithoutSpinning) {
  auto broker = KafkaBroker::start(
      {.version = "3.9.2",
       .properties = {"authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                      "super.users=User:ANONYMOUS"}});
  KEDGE_NEEDS(broker);
  ASSERT_TRUE(create_topic((*broker)->properties(), "events", 1));
  const auto consumer = open_consumer(options_at(**broker, KafkaListener::sasl_plain, "events"));
  EXPECT_EQ(poll_for<KafkaProblem>(*consumer).kind, Kind::not_allowed);
  int repeated = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (std::chrono::steady_clock::now() < end) {
    if (std::holds_alternative<KafkaProblem>(consumer->poll(std::chrono::milliseconds(50)))) ++repeated;
  }
  EXPECT_LT(repeated, 40);
}

}  // namespace
}  // namespace kedge
