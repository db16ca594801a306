// Somebody else in the engine's consumer group.
#include <filesystem>

#include "tests/e2e/scene.h"
#include "tests/support/child_process.h"

namespace kedge {
namespace {

class Group : public Scene {};

// Both partitions have an event, so that one of them is the engine's whichever the stranger is given.
TEST_F(Group, NothingIsWrittenWhileAForeignMemberIsThere) {
  engine_.configuration["sources"][0]["properties"] = {{"session.timeout.ms", "6000"}};
  for (const char* bucket : {"one", "two"}) cloud_->make_bucket(bucket);
  engine_.start();
  const std::string members_known = "kedge_source_members_known{source=\"cloudtrail\"}";
  ASSERT_TRUE(comes_true([&] { return engine_.metric(members_known) == "1"; }));
  auto stranger = KafkaMember::join(broker_->properties(), topic_, topic_);
  ASSERT_TRUE(stranger) << stranger.error().message;
  ASSERT_TRUE(comes_true([&] {
    return engine_.readiness().find("another member is in the group") != std::string::npos;
  })) << engine_.readiness();

  send_to_partition(0, cloud_->open_by_acl("one").dump());
  send_to_partition(1, cloud_->open_by_acl("two").dump());
  wait_for_records("plan", 1);
  ASSERT_TRUE(comes_true([&] {
    return engine_.run({"remediation", "list"}).output.find("another member") != std::string::npos;
  })) << engine_.run({"remediation", "list"}).output;
  EXPECT_TRUE(cloud_->writes().empty());
  EXPECT_EQ(engine_.metric("kedge_effects_stopped"), "1");

  (*stranger)->leave();
  wait_for_records("confirmation", 2);
  for (const char* bucket : {"one", "two"}) {
    EXPECT_TRUE(cloud_->is_blocked(bucket)) << bucket;
    EXPECT_FALSE(cloud_->acl_is_public(bucket)) << bucket;
  }
  EXPECT_TRUE(comes_true([&] { return engine_.readiness() == "ready\n"; })) << engine_.readiness();
}

// With librdkafka's mock cluster for a broker: it does not know the question.
TEST(GroupOfAMockCluster, WhoIsInItIsNotedAsUnknown) {
  Engine engine;
  const auto address = engine.directory().path() / "address";
  const auto broker =
      ChildProcess::start({.command = {kedge_program(), "dev-kafka", "--topic", "t", "--address-file", address}});
  ASSERT_TRUE(broker) << broker.error().message;
  ASSERT_TRUE(comes_true([&] { return std::filesystem::exists(address) && std::filesystem::file_size(address) > 0; }));
  std::string text = engine.directory().read("address");
  text.erase(text.find_last_not_of(" \n") + 1);
  engine.configuration["sources"] = {{{"name", "mock"},
                                      {"brokers", {text}},
                                      {"topics", {"t"}},
                                      {"group", "g"},
                                      {"start", "earliest"},
                                      {"properties", {{"session.timeout.ms", "6000"}}}}};
  engine.configuration["aws"] = {{"region", "us-east-1"}, {"principals", {"arn:aws:iam::123456789012:user/kedge"}}};
  engine.start();
  EXPECT_TRUE(engine.readiness().starts_with("ready\nnote: source mock: the broker does not say who is in the group"))
      << engine.readiness();
  EXPECT_EQ(engine.metric("kedge_source_members_known{source=\"mock\"}"), "0");
  EXPECT_EQ(engine.metric("kedge_own_principals_known"), "1");
  EXPECT_EQ(engine.stop()->code, 0) << engine.output();
}

}  // namespace
}  // namespace kedge
