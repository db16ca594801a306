// A broker of a test's own, which it may treat badly.
#include "tests/support/kafka_broker.h"

#include <gtest/gtest.h>

#include "tests/support/needs.h"

namespace kedge {
namespace {

TEST(KafkaBroker, KeepsItsDataAndItsAddressWhenItIsKilled) {
  auto broker = KafkaBroker::start({.version = "3.9.2"});
  KEDGE_NEEDS(broker);
  const auto properties = (*broker)->properties();
  ASSERT_TRUE(create_topic(properties, "kept", 1));
  auto producer = KafkaProducer::make(properties);
  ASSERT_TRUE(producer);
  ASSERT_TRUE((*producer)->produce({.topic = "kept", .value = "acknowledged"}));
  ASSERT_TRUE((*producer)->flush());

  ASSERT_TRUE((*broker)->kill());
  const auto started = (*broker)->start_again();
  ASSERT_TRUE(started) << started.error().message;

  const auto records = read_topic(properties, "kept", 1);
  ASSERT_TRUE(records) << records.error().message;
  EXPECT_EQ(records->at(0).value, "acknowledged");
}

TEST(KafkaBroker, AsksForAClientsCertificateWhenItIsToldTo) {
  auto broker = KafkaBroker::start({.version = "4.3.1", .properties = {"listener.name.ssl.ssl.client.auth=required"}});
  KEDGE_NEEDS(broker);
  auto properties = (*broker)->properties(KafkaListener::tls);
  EXPECT_FALSE(read_topic(properties, "any", 1, std::chrono::seconds(3)));
  properties["ssl.certificate.location"] = (*broker)->client_certificate().string();
  properties["ssl.key.location"] = (*broker)->client_key().string();
  const auto created = create_topic(properties, "mutual", 1);
  EXPECT_TRUE(created) << created.error().message;
}

TEST(KafkaBroker, ThatIsNotInstalledIsSaidToBeMissing) {
  const auto broker = KafkaBroker::start({.version = "0.1.0"});
  ASSERT_FALSE(broker);
  EXPECT_EQ(broker.error().code, ErrorCode::not_found) << broker.error().message;
}

}  // namespace
}  // namespace kedge
