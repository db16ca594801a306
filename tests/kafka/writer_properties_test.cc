#include "kafka/writer_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

WriterOptions good() { return {.brokers = "127.0.0.1:9092", .topic = "kedge.checkpoints", .properties = {}}; }

TEST(WriterProperties, WriteToAllReplicasWithinTheTimeout) {
  WriterOptions options = good();
  options.timeout = std::chrono::seconds(7);
  options.properties["compression.type"] = "gzip";
  const auto conf = writer_conf(options);
  ASSERT_TRUE(conf);
  EXPECT_EQ(conf_value(conf->get(), "acks"), "-1");
  EXPECT_EQ(conf_value(conf->get(), "message.timeout.ms"), "7000");
  EXPECT_EQ(conf_value(conf->get(), "compression.type"), "gzip");
  EXPECT_THAT(mistakes_in(options), IsEmpty());
}

TEST(WriterProperties, OfTheEngineAreRefusedWithWhatToUseInstead) {
  for (const char* name : {"bootstrap.servers", "acks", "request.required.acks", "message.timeout.ms",
                           "delivery.timeout.ms", "enable.idempotence", "transactional.id"}) {
    WriterOptions options = good();
    options.properties[name] = "1";
    const auto mistakes = mistakes_in(options);
    ASSERT_THAT(mistakes, SizeIs(1)) << name;
    EXPECT_EQ(mistakes[0].field, "properties." + std::string(name));
    EXPECT_THAT(mistakes[0].message, HasSubstr("is set by the engine")) << name;
  }
}

TEST(WriterProperties, AreCheckedAsFarAsThatGoesWithoutABroker) {
  EXPECT_THAT(
      mistakes_in({.brokers = "host:port", .topic = "a topic", .properties = {{"comprssion.type", "gzip"}}}),
      ElementsAre(OptionMistake{"brokers[0]", "must be HOST:PORT with a port from 1 to 65535"},
                  OptionMistake{"topic", "must be the name of a topic: letters, digits, '.', '_' and '-', at most 249"},
                  testing::Field(&OptionMistake::message, HasSubstr("is `compression.type` meant?"))));
  WriterOptions options = good();
  options.properties = {{"security.protocol", "ssl"}, {"ssl.ca.location", "/nowhere/ca.pem"}};
  EXPECT_THAT(mistakes_in(options), ElementsAre(testing::Field(&OptionMistake::field, "properties.ssl.ca.location")));
}

}  // namespace
}  // namespace kedge
