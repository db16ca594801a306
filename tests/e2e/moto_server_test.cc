#include "tests/support/moto_server.h"

#include <gtest/gtest.h>

#include "tests/support/needs.h"

namespace kedge {
namespace {

class Moto : public testing::Test {
 protected:
  void SetUp() override {
    auto server = MotoServer::start();
    KEDGE_NEEDS(server);
    server_ = std::move(*server);
    const auto python = python_with_boto();
    KEDGE_NEEDS(python);
    python_ = *python;
  }

  // Runs a line of Python with `s3` and `iam`, boto3's clients for this server; what it prints.
  std::string boto(const std::string& line) const {
    const auto ran =
        run({.command = {python_, "-c", "import boto3; s3 = boto3.client('s3'); iam = boto3.client('iam')\n" + line},
             .environment = server_->environment()});
    return ran ? ran->output : ran.error().message;
  }

  std::unique_ptr<MotoServer> server_;
  std::string python_;
};

TEST_F(Moto, KeepsABucketUntilItIsReset) {
  const std::string list = "print([b['Name'] for b in s3.list_buckets()['Buckets']])";
  EXPECT_EQ(boto("s3.create_bucket(Bucket='kept')\n" + list), "['kept']\n");
  ASSERT_TRUE(server_->reset());
  EXPECT_EQ(boto(list), "[]\n");
}

TEST_F(Moto, RefusesAnUnknownKeyOnceRequestsAreChecked) {
  const std::string create = "s3.create_bucket(Bucket='mine')";
  EXPECT_EQ(boto(create), "");
  ASSERT_TRUE(server_->check_requests(true));
  EXPECT_NE(boto("s3.list_buckets()").find("InvalidAccessKeyId"), std::string::npos);
  ASSERT_TRUE(server_->check_requests(false));
  EXPECT_EQ(boto("s3.list_buckets()"), "");
}

}  // namespace
}  // namespace kedge
