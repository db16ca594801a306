#include "guard/opponent.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

const std::string kTerraform = "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) aws-sdk-go-v2/1.30.3";

TEST(Opponent, IsNamedByItsTool) {
  EXPECT_EQ(tool_of(kTerraform), "Terraform");
  EXPECT_EQ(tool_of("APN/1.0 HashiCorp/1.0 OpenTofu/1.8.0 terraform-provider-aws/5.0"), "OpenTofu");
  EXPECT_EQ(tool_of("cloudformation.amazonaws.com"), "CloudFormation");
  EXPECT_EQ(tool_of("[S3Console/0.4, aws-internal/3]"), "the console");
  EXPECT_EQ(tool_of("[aws-cli/2.15.0 Python/3.11]"), "the AWS CLI");
  EXPECT_EQ(tool_of("my-own-thing/1"), "");
}

TEST(Opponent, WhoDidItMostOftenComesFirstAndEachOnce) {
  const Actor bob{"arn:aws:iam::1:user/bob", "my-own-thing/1"};
  const Actor pipeline{"arn:aws:iam::1:role/ci", kTerraform};
  const Actor later{"arn:aws:iam::1:role/ci", "HashiCorp/1.0 Terraform/1.10.0"};
  EXPECT_EQ(names_of({bob, pipeline, later}),
            "arn:aws:iam::1:role/ci (Terraform), arn:aws:iam::1:user/bob (my-own-thing/1)");
  const nlohmann::json counts = counts_of({bob, pipeline, later});
  ASSERT_EQ(counts.size(), 2U);
  EXPECT_EQ(counts[0]["times"], 2);
  EXPECT_EQ(counts[0]["tool"], "Terraform");
  EXPECT_EQ(names_of({{"", ""}}), "somebody whom the event does not name");
}

}  // namespace
}  // namespace kedge
