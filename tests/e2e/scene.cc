#include "tests/e2e/scene.h"

#include "base/bytes.h"
#include "tests/support/needs.h"

namespace kedge {

void Scene::set_up(const std::string& kafka_version) { set_up(KafkaBroker::shared(kafka_version)); }

void Scene::set_up(Result<std::unique_ptr<KafkaBroker>> broker) {
  KEDGE_NEEDS(broker);
  broker_ = *std::move(broker);
  auto cloud = Cloud::start();
  KEDGE_NEEDS(cloud);
  cloud_ = *std::move(cloud);
  topic_ = unique("cloudtrail");
  const auto created = create_topic(broker_->properties(), topic_, 2);
  ASSERT_TRUE(created) << created.error().message;
  auto producer = KafkaProducer::make(broker_->properties());
  ASSERT_TRUE(producer) << producer.error().message;
  producer_ = *std::move(producer);

  Json& configuration = engine_.configuration;
  configuration["sources"] = {{{"name", "cloudtrail"},
                               {"brokers", {broker_->address(KafkaListener::plain)}},
                               {"topics", {topic_}},
                               {"group", topic_},
                               {"start", "earliest"}}};
  configuration["aws"] = {{"region", "us-east-1"},
                          {"endpoint", cloud_->endpoint()},
                          {"credentials", {{"access_key_id", "kedge"}, {"secret_access_key", "kedge"}}}};
  configuration["notify"] = {
      {"channels",
       {{"security", {{"kind", "webhook"}, {"url", hook_.url()}, {"secrets", {"whsec_" + to_base64(kHookKey)}}}}}},
      {"alarms", {"security"}}};
}

void Scene::TearDown() {
  if (testing::Test::HasFailure()) std::cerr << "---- the engine said:\n" << engine_.output();
  if (!engine_.runs()) return;
  const auto ended = engine_.stop();
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, Exit{}) << engine_.output();
}

void Scene::send_to_partition(int partition, const std::string& value) {
  ASSERT_TRUE(producer_->produce({.topic = topic_, .value = value, .partition = partition}));
  const auto flushed = producer_->flush();
  ASSERT_TRUE(flushed) << flushed.error().message;
}

Json Scene::wait_for_records(const std::string& kind, size_t count) {
  Json found;
  const bool came = comes_true([&] {
    found = engine_.records({"--kind", kind});
    return found.size() >= count || HasFailure();
  });
  EXPECT_TRUE(came) << found.size() << " records of " << kind << ", not " << count << ": "
                    << engine_.records({}).dump(1);
  return found;
}

}  // namespace kedge
