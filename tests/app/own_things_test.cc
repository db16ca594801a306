#include "app/own_things.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace kedge {
namespace {

bool is_own(const Configuration& configuration, const std::string& key) {
  return own_among({key}, own_things(configuration)).has_value();
}

TEST(OwnThings, AreNotTheMachineItselfWhereActionsAreAllowedOnIt) {
  std::array<char, 256> name{};
  ASSERT_EQ(gethostname(name.data(), name.size() - 1), 0);
  const std::string host = std::string("host:") + name.data();
  Configuration c;
  c.data = "/var/lib/kedge";
  c.host.name = name.data();
  EXPECT_TRUE(is_own(c, host)) << "it allows nothing";
  c.host.allow = {"host.quarantine"};
  EXPECT_FALSE(is_own(c, host));
  EXPECT_TRUE(is_own(c, host + "/var/lib/kedge/ledger.db"));
}

TEST(OwnThings, AreWhatTheConfigurationAndTheMachineTell) {
  std::array<char, 256> name{};
  ASSERT_EQ(gethostname(name.data(), name.size() - 1), 0);
  const std::string host = std::string("host:") + name.data();
  Configuration c;
  c.path = "/etc/kedge/kedge.yaml";
  c.data = "/var/lib/kedge";
  c.rules_directory = "/etc/kedge/rules";
  c.audit.directory = "/srv/kedge-log";
  c.audit.keys = {"/srv/keys/log.key"};
  c.aws_principals = {"arn:aws:iam::1:role/configured"};
  c.aws.roles["2"].arn = "arn:aws:iam::2:role/assumed";
  c.protected_keys = {"arn:aws:ec2:eu-west-1:1:instance/i-1", "arn:aws:s3:::audit-*"};
  c.sources.emplace_back().kafka.brokers = "kafka-1:9092,SSL://kafka-2:9093,[::1]:9092";
  for (const std::string& own :
       {host, host + "/var/lib/kedge/ledger.db", host + "/etc/kedge/rules/first.lua", host + "/etc/kedge/kedge.yaml",
        host + "/srv/kedge-log/tile/0/000", host + "/srv/keys/log.key", std::string("host:kafka-1"),
        std::string("host:kafka-2"), std::string("host:[::1]"), std::string("arn:aws:iam::1:role/configured"),
        std::string("arn:aws:iam::2:role/assumed"), std::string("arn:aws:ec2:eu-west-1:1:instance/i-1"),
        std::string("arn:aws:s3:::audit-log")}) {
    EXPECT_TRUE(is_own(c, own)) << own;
  }
  for (const std::string& other : {host + "/etc/passwd", host + "/srv/keys/another.key", std::string("host:kafka-3"),
                                   std::string("arn:aws:s3:::web")}) {
    EXPECT_FALSE(is_own(c, other)) << other;
  }
  EXPECT_TRUE(own_among({"arn:aws:iam::1:role/asked"}, with_principals({}, {"arn:aws:iam::1:role/asked"})).has_value());
}

TEST(OwnThings, AreNotTheWholeHostWhereNoFolderIsConfigured) {
  std::array<char, 256> name{};
  ASSERT_EQ(gethostname(name.data(), name.size() - 1), 0);
  EXPECT_FALSE(is_own({}, std::string("host:") + name.data() + "/etc/passwd"));
}

}  // namespace
}  // namespace kedge
