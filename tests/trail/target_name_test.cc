#include "trail/target_name.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

TEST(TargetName, ReadsArns) {
  const TargetName group = read_target("arn:aws-cn:ec2:cn-north-1:123456789012:security-group/sg-1/x");
  EXPECT_EQ(group.form, TargetName::Form::arn);
  EXPECT_EQ(group.partition, "aws-cn");
  EXPECT_EQ(group.service, "ec2");
  EXPECT_EQ(group.region, "cn-north-1");
  EXPECT_EQ(group.account, "123456789012");
  EXPECT_EQ(group.type, "ec2:security-group");
  EXPECT_EQ(group.name, "sg-1/x");
  const TargetName bucket = read_target("arn:aws:s3:::b/key");
  EXPECT_EQ(bucket.type, "s3");
  EXPECT_EQ(bucket.name, "b/key");
  EXPECT_EQ(read_target("arn:aws:sns:eu-west-1:1:topic").type, "sns");
  EXPECT_EQ(read_target("arn:aws:lambda:eu-west-1:1:function:f").name, "f");
}

TEST(TargetName, ReadsHostsAndFilesOnThem) {
  const TargetName file = read_target("host:web-1/etc/passwd");
  EXPECT_EQ(file.form, TargetName::Form::file);
  EXPECT_EQ(file.host, "web-1");
  EXPECT_EQ(file.path, "/etc/passwd");
  EXPECT_EQ(file.name, "passwd");
  EXPECT_EQ(read_target("host:web-1/").name, "/");
  EXPECT_EQ(read_target("host:web-1").form, TargetName::Form::host);
  EXPECT_EQ(read_target("host:web-1").name, "web-1");
}

TEST(TargetName, ReadsObjectsOfClusters) {
  const TargetName object = read_target("k8s:prod/Deployment/web/front");
  EXPECT_EQ(object.cluster, "prod");
  EXPECT_EQ(object.type, "Deployment");
  EXPECT_EQ(object.name_space, "web");
  EXPECT_EQ(object.name, "front");
}

TEST(TargetName, LeavesWhatIsNoneOfTheseWhole) {
  for (const char* text : {"", "arn:", "arn:aws:s3", "host:", "host:/etc", "k8s:a/b", "anything"}) {
    EXPECT_EQ(read_target(text).form, TargetName::Form::other) << text;
    EXPECT_EQ(read_target(text).name, text);
  }
}

TEST(TargetName, KnowsWhatIsOfANetwork) {
  EXPECT_TRUE(is_of_network(read_target("arn:aws:ec2:eu-west-1:1:network-acl/acl-1")));
  EXPECT_TRUE(is_of_network(read_target("arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/x")));
  EXPECT_FALSE(is_of_network(read_target("arn:aws:ec2:eu-west-1:1:instance/i-1")));
  EXPECT_FALSE(is_of_network(read_target("arn:aws:s3:::b")));
}

}  // namespace
}  // namespace kedge
