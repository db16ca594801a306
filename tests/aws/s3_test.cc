#include "aws/s3.h"

#include <gtest/gtest.h>

#include "tests/aws/fake_session.h"

namespace kedge {
namespace {

using testing::header_of;

const std::string kUrl = "https://my-bucket.s3.eu-west-1.amazonaws.com/?";
const std::string kListing = R"(<?xml version="1.0"?><ListBucketResult><Name>my-bucket</Name></ListBucketResult>)";

std::string error_body(const std::string& code) { return "<Error><Code>" + code + "</Code><Message/></Error>"; }

class S3 : public ::testing::Test {
 protected:
  testing::FakeSession world_;
  testing::FakeHttp& http_ = world_.http;
  S3Bucket bucket_{world_.session(), "my-bucket", "111122223333"};

  std::string asked() const { return http_.last().method + " " + http_.last().url; }
};

TEST_F(S3, ReadsThePublicAccessBlock) {
  http_.answer(
      200, R"(<PublicAccessBlockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><BlockPublicAcls>true)"
           R"(</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>TRUE</BlockPublicPolicy>)"
           R"(</PublicAccessBlockConfiguration>)");
  const auto block = bucket_.public_access_block();
  ASSERT_TRUE(block) << block.error().message;
  EXPECT_EQ(*block, (PublicAccessBlock{true, false, true, false}));
  EXPECT_EQ(asked(), "GET " + kUrl + "publicAccessBlock");
  EXPECT_EQ(header_of(http_.last(), "x-amz-expected-bucket-owner"), "111122223333");
  EXPECT_FALSE(http_.last().writes);
}

TEST_F(S3, TakesAMissingPublicAccessBlockForNone) {
  http_.answer(404, error_body("NoSuchPublicAccessBlockConfiguration"));
  const auto block = bucket_.public_access_block();
  ASSERT_TRUE(block) << block.error().message;
  EXPECT_FALSE(block->has_value());
}

TEST_F(S3, ReadsTheRootElementThatCephWrites) {
  http_.answer(200,
               "<BlockPublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>"
               "</BlockPublicAccessBlockConfiguration>");
  EXPECT_TRUE((*bucket_.public_access_block())->block_public_acls);
}

TEST_F(S3, NeverTakesAListingForASetting) {
  for (int i = 0; i < 5; ++i) http_.answer(200, kListing);
  EXPECT_EQ(bucket_.public_access_block().error().code, kUnexpectedDocument);
  EXPECT_EQ(bucket_.acl().error().code, kUnexpectedDocument);
  EXPECT_EQ(bucket_.policy().error().code, kUnexpectedDocument);
  EXPECT_EQ(bucket_.ownership().error().code, kUnexpectedDocument);
  EXPECT_EQ(bucket_.location().error().code, kUnexpectedDocument);
}

TEST_F(S3, SaysThatABucketIsGone) {
  http_.answer(404, error_body("NoSuchBucket"));
  EXPECT_EQ(bucket_.public_access_block().error().outcome, AwsOutcome::gone);
}

TEST_F(S3, WritesThePublicAccessBlockAsAwssOwnToolsDo) {
  http_.answer(200, "", {{"x-amz-request-id", "R1"}});
  const auto written = bucket_.put_public_access_block(PublicAccessBlock::all_on());
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->request_id, "R1");
  EXPECT_EQ(asked(), "PUT " + kUrl + "publicAccessBlock");
  EXPECT_EQ(http_.last().body.size(), 287);
  EXPECT_EQ(header_of(http_.last(), "Content-MD5"), "Ia4HDf0jO6tNT32up/hopw==");
  EXPECT_TRUE(http_.last().writes);
  EXPECT_EQ(header_of(http_.last(), "User-Agent"), "kedge/1 (mark abc)");
}

TEST_F(S3, DeletesSettings) {
  for (int i = 0; i < 3; ++i) http_.answer(204);
  EXPECT_TRUE(bucket_.delete_public_access_block());
  EXPECT_EQ(asked(), "DELETE " + kUrl + "publicAccessBlock");
  EXPECT_TRUE(bucket_.delete_policy());
  EXPECT_EQ(asked(), "DELETE " + kUrl + "policy");
  EXPECT_TRUE(bucket_.delete_ownership());
  EXPECT_EQ(asked(), "DELETE " + kUrl + "ownershipControls");
  EXPECT_TRUE(http_.last().writes);
}

TEST_F(S3, ReadsAndWritesTheAccessControlList) {
  const std::string xml = "<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList/></AccessControlPolicy>";
  http_.answer(200, xml);
  EXPECT_EQ(bucket_.acl()->xml, xml);
  EXPECT_EQ(asked(), "GET " + kUrl + "acl");
  http_.answer(200);
  EXPECT_TRUE(bucket_.put_acl(xml));
  EXPECT_EQ(asked(), "PUT " + kUrl + "acl");
  EXPECT_EQ(http_.last().body, xml);
  http_.answer(400, error_body("AccessControlListNotSupported"));
  EXPECT_TRUE(bucket_.put_acl(xml).error().is("AccessControlListNotSupported"));
}

TEST_F(S3, ReadsAndWritesThePolicyByteForByte) {
  const std::string policy = " {\"Statement\" : []}\n";
  http_.answer(200, policy);
  EXPECT_EQ(*bucket_.policy(), policy);
  http_.answer(204);
  EXPECT_TRUE(bucket_.put_policy(policy));
  EXPECT_EQ(http_.last().body, policy);
  EXPECT_NE(header_of(http_.last(), "Content-MD5"), "");
  http_.answer(404, error_body("NoSuchBucketPolicy"));
  EXPECT_FALSE(bucket_.policy()->has_value());
}

TEST_F(S3, ReadsWhatTheServerThinksOfThePolicy) {
  const auto status = [&](int code, const std::string& body) {
    http_.answer(code, body);
    return *bucket_.policy_status();
  };
  EXPECT_EQ(status(200, "<PolicyStatus><IsPublic>TRUE</IsPublic></PolicyStatus>"), PolicyStatus::is_public);
  EXPECT_EQ(status(200, "<PolicyStatus xmlns=\"x\"><IsPublic>false</IsPublic></PolicyStatus>"),
            PolicyStatus::not_public);
  EXPECT_EQ(status(404, error_body("NoSuchBucketPolicy")), PolicyStatus::no_policy);
  EXPECT_EQ(status(501, error_body("NotImplemented")), PolicyStatus::unanswered);
  EXPECT_EQ(status(405, error_body("MethodNotAllowed")), PolicyStatus::unanswered);
  EXPECT_EQ(status(200, kListing), PolicyStatus::unanswered);
  EXPECT_EQ(status(200, "<PolicyStatus/>"), PolicyStatus::unanswered);
  http_.answer(403, error_body("AccessDenied"));
  EXPECT_EQ(bucket_.policy_status().error().outcome, AwsOutcome::refused);
}

TEST_F(S3, ReadsAndWritesObjectOwnership) {
  http_.answer(200,
               "<OwnershipControls xmlns=\"x\"><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>"
               "</OwnershipControls>");
  EXPECT_EQ(*bucket_.ownership(), "ObjectWriter");
  http_.answer(404, error_body("OwnershipControlsNotFoundError"));
  EXPECT_FALSE(bucket_.ownership()->has_value());
  http_.answer(200);
  EXPECT_TRUE(bucket_.put_ownership("BucketOwnerEnforced"));
  EXPECT_EQ(http_.last().body,
            "<OwnershipControls xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule><ObjectOwnership>"
            "BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>");
}

TEST_F(S3, KnowsTheOldNamesOfRegions) {
  const auto location = [&](const std::string& text) {
    http_.answer(200, "<LocationConstraint xmlns=\"x\">" + text + "</LocationConstraint>");
    return *bucket_.location();
  };
  EXPECT_EQ(location(""), "us-east-1");
  EXPECT_EQ(location("EU"), "eu-west-1");
  EXPECT_EQ(location("ap-south-1"), "ap-south-1");
}

TEST_F(S3, RefusesABucketNameThatIsNone) {
  const S3Bucket strange(world_.session(), "a/../b?acl");
  EXPECT_EQ(strange.policy().error().outcome, AwsOutcome::refused);
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(S3, ReadsTheAccountsPublicAccessBlock) {
  http_.answer(200,
               "<PublicAccessBlockConfiguration xmlns=\"http://awss3control.amazonaws.com/doc/2018-08-20/\">"
               "<RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>");
  EXPECT_TRUE((*account_public_access_block(world_.session()))->restrict_public_buckets);
  EXPECT_EQ(asked(),
            "GET https://111122223333.s3-control.eu-west-1.amazonaws.com/v20180820/configuration/publicAccessBlock");
  EXPECT_EQ(header_of(http_.last(), "x-amz-account-id"), "111122223333");
  http_.answer(404, "<ErrorResponse>" + error_body("NoSuchPublicAccessBlockConfiguration") + "</ErrorResponse>");
  EXPECT_FALSE(account_public_access_block(world_.session())->has_value());
}

}  // namespace
}  // namespace kedge
