#include "kafka/properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using testing::HasSubstr;
using testing::Not;

ConsumerOptions with(KafkaProperties properties) {
  return {.brokers = "127.0.0.1:1", .group = "g", .instance = "", .topics = {"t"}, .properties = std::move(properties)};
}

std::string refusal_of(KafkaProperties properties) {
  const auto conf = consumer_conf(with(std::move(properties)));
  return conf ? "" : conf.error().message;
}

TEST(Properties, OwnedByTheEngineAreRefusedWithWhatToUseInstead) {
  EXPECT_THAT(refusal_of({{"group.id", "x"}}), HasSubstr("`group.id`: is set by the engine: the setting `group`"));
  EXPECT_THAT(refusal_of({{"auto.offset.reset", "latest"}}), HasSubstr("the setting `start`"));
  for (const char* name : {"bootstrap.servers", "metadata.broker.list", "group.instance.id", "enable.auto.commit",
                           "auto.commit.interval.ms", "enable.auto.offset.store", "isolation.level",
                           "partition.assignment.strategy", "enable.partition.eof", "allow.auto.create.topics",
                           "statistics.interval.ms", "enabled_events", "log.queue", "test.mock.num.brokers"}) {
    EXPECT_THAT(refusal_of({{name, "1"}}), HasSubstr("is set by the engine")) << name;
  }
}

TEST(Properties, UnknownOnesAreNamedWithTheNearestKnownOne) {
  EXPECT_THAT(refusal_of({{"sesion.timeout.ms", "1"}}), HasSubstr("is `session.timeout.ms` meant?"));
  EXPECT_THAT(refusal_of({{"nothing.like.it.at.all", "1"}}), Not(HasSubstr("meant?")));
  EXPECT_THAT(refusal_of({{"nothing.like.it.at.all", "1"}}), HasSubstr("nothing.like.it.at.all"));
}

TEST(Properties, WrongValuesAreToldWhatIsRight) {
  EXPECT_THAT(refusal_of({{"session.timeout.ms", "soon"}}), HasSubstr("1 .. 3600000"));
  EXPECT_THAT(refusal_of({{"security.protocol", "tls"}}), HasSubstr("sasl_ssl"));
}

TEST(Properties, OfAUserReachTheLibraryAndOverrideDefaults) {
  const auto conf = consumer_conf(with({{"session.timeout.ms", "6000"}, {"security.protocol", "ssl"}}));
  ASSERT_TRUE(conf);
  EXPECT_EQ(conf_value(conf->get(), "session.timeout.ms"), "6000");
  EXPECT_EQ(conf_value(conf->get(), "security.protocol"), "ssl");
}

TEST(Properties, OnWhichThePromisesRestAreSet) {
  auto options = with({});
  options.instance = "node-1";
  const auto conf = consumer_conf(options);
  ASSERT_TRUE(conf);
  EXPECT_EQ(conf_value(conf->get(), "enable.auto.commit"), "false");
  EXPECT_EQ(conf_value(conf->get(), "enable.auto.offset.store"), "false");
  EXPECT_EQ(conf_value(conf->get(), "auto.offset.reset"), "error");
  EXPECT_EQ(conf_value(conf->get(), "isolation.level"), "read_committed");
  EXPECT_EQ(conf_value(conf->get(), "partition.assignment.strategy"), "range");
  EXPECT_EQ(conf_value(conf->get(), "group.instance.id"), "node-1");
}

TEST(Properties, LetTheQueueHoldWhatItsRoomIsFor) {
  const auto queue = [](size_t bytes, KafkaProperties properties) {
    auto options = with(std::move(properties));
    options.queue_bytes = bytes;
    const auto conf = consumer_conf(options);
    if (!conf) return conf.error().message;
    return conf_value(conf->get(), "queued.max.messages.kbytes") + " kB, " +
           conf_value(conf->get(), "queued.min.messages") + " messages";
  };
  EXPECT_EQ(queue(32U << 20U, {}), "16384 kB, 27962 messages");
  EXPECT_EQ(queue(1, {}), "1 kB, 1 messages");
  EXPECT_EQ(queue(SIZE_MAX, {}), "2097151 kB, 10000000 messages");
  EXPECT_EQ(queue(32U << 20U, {{"queued.max.messages.kbytes", "500"}}), "500 kB, 27962 messages");
}

TEST(Properties, LetANewPartitionBeSeenOnceASession) {
  const auto of_a_session = [](KafkaProperties properties) {
    const auto conf = consumer_conf(with(std::move(properties)));
    return conf ? conf_value(conf->get(), "topic.metadata.refresh.interval.ms") : conf.error().message;
  };
  EXPECT_EQ(of_a_session({}), "30000");
  EXPECT_EQ(of_a_session({{"session.timeout.ms", "6000"}}), "6000");
  EXPECT_EQ(of_a_session({{"session.timeout.ms", "6000"}, {"topic.metadata.refresh.interval.ms", "250"}}), "250");
}

TEST(Properties, LetTheLibrarySayInItsLogWhatItSaysNowhereElse) {
  const auto contexts = [](KafkaProperties properties) {
    const auto conf = consumer_conf(with(std::move(properties)));
    return conf ? conf_value(conf->get(), "debug") : conf.error().message;
  };
  EXPECT_EQ(contexts({}), "topic");
  EXPECT_THAT(contexts({{"debug", "cgrp"}}), AllOf(HasSubstr("cgrp"), HasSubstr("topic")));
}

TEST(Properties, ThatPrintSecretsOrCrashTheLibraryAreRefused) {
  EXPECT_THAT(refusal_of({{"debug", "broker,security"}}), HasSubstr("print secrets"));
  EXPECT_THAT(refusal_of({{"debug", "all"}}), HasSubstr("print secrets"));
  EXPECT_EQ(refusal_of({{"debug", "broker"}}), "");
  EXPECT_THAT(refusal_of({{"client.id", std::string(64, 'x')}}), HasSubstr("63 bytes"));
}

TEST(Properties, SecretValuesStandInNoError) {
  const std::string secret = "hunter2-hunter2";
  EXPECT_THAT(refusal_of({{"ssl.key.pem", secret}}), Not(HasSubstr(secret)));
  EXPECT_THAT(refusal_of({{"sasl.pasword", secret}}), Not(HasSubstr(secret)));
  const auto checked = check_consumer_options(with({{"ssl.key.pem", secret}, {"security.protocol", "ssl"}}));
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, Not(HasSubstr(secret)));
}

TEST(Properties, SecretOnesAreKnownByTheirNames) {
  for (const char* name :
       {"sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem", "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.config", "sasl.oauthbearer.assertion.private.key.passphrase"}) {
    EXPECT_TRUE(is_secret_property(name)) << name;
  }
  for (const char* name : {"sasl.username", "ssl.ca.location", "sasl.oauthbearer.token.endpoint.url", "group.id"}) {
    EXPECT_FALSE(is_secret_property(name)) << name;
  }
}

TEST(Redactor, RemovesEverySecretFromATextAndNothingElse) {
  const Redactor redactor({{"sasl.password", "open sesame"}, {"ssl.key.password", "12"}, {"sasl.username", "alibaba"}});
  EXPECT_EQ(redactor.redact("alibaba said open sesame, open sesame! 12"), "alibaba said ***, ***! 12");
}

TEST(CheckConsumerOptions, FindsAFileThatIsNotThere) {
  const auto checked = check_consumer_options(with({{"security.protocol", "ssl"}, {"ssl.ca.location", "/no/such/ca"}}));
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("ssl.ca.location"));
}

TEST(CheckConsumerOptions, FindsWhatOnlySeveralPropertiesTogetherMakeWrong) {
  EXPECT_FALSE(check_consumer_options(with({{"session.timeout.ms", "400000"}, {"max.poll.interval.ms", "300000"}})));
}

TEST(CheckConsumerOptions, PassesWhatIsRightWithoutABroker) {
  EXPECT_TRUE(check_consumer_options(with({})));
  const auto sasl = check_consumer_options(with({{"security.protocol", "sasl_ssl"},
                                                 {"sasl.mechanism", "SCRAM-SHA-256"},
                                                 {"sasl.username", "kedge"},
                                                 {"sasl.password", "secret"}}));
  EXPECT_TRUE(sasl) << (sasl ? "" : sasl.error().message);
}

TEST(MistakesIn, AreAllThereAreEachWithItsPlace) {
  ConsumerOptions options = with({{"group.id", "x"}, {"session.timeout.ms", "6000"}, {"sesion", "1"}});
  options.brokers = "a,b:1, [::1]:9092,SSL://c:2,d:70000,:1,e:";
  options.topics = {"t", "^("};
  std::vector<std::string> fields;
  for (const OptionMistake& mistake : mistakes_in(options)) fields.push_back(mistake.field);
  EXPECT_EQ(fields, (std::vector<std::string>{"brokers[4]", "brokers[5]", "brokers[6]", "topics[1]",
                                              "properties.group.id", "properties.sesion"}));
  const auto together = mistakes_in(with({{"security.protocol", "ssl"}, {"ssl.ca.location", "/no/such/ca"}}));
  ASSERT_EQ(together.size(), 1U);
  EXPECT_EQ(together[0].field, "properties.ssl.ca.location");
  EXPECT_EQ(together[0].option(), "properties");
  EXPECT_TRUE(mistakes_in(with({})).empty());
}

TEST(CheckConsumerOptions, WantsBrokersGroupAndTopics) {
  EXPECT_FALSE(
      check_consumer_options({.brokers = "", .group = "g", .instance = "", .topics = {"t"}, .properties = {}}));
  EXPECT_FALSE(
      check_consumer_options({.brokers = "b", .group = "", .instance = "", .topics = {"t"}, .properties = {}}));
  EXPECT_FALSE(check_consumer_options({.brokers = "b", .group = "g", .instance = "", .topics = {}, .properties = {}}));
}

}  // namespace
}  // namespace kedge
