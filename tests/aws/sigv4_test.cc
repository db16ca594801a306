#include "aws/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// The keys, day and signatures of "Authenticating Requests: Using the Authorization Header" in the S3 API reference.
const Credentials kPublished = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", {}};
const SigningScope kS3 = {"us-east-1", "s3"};
const Time kPublishedTime = *parse_time("2013-05-24T00:00:00Z");
const std::string kBucket = "https://examplebucket.s3.amazonaws.com";

std::string authorization(const HttpRequest& request, const Credentials& credentials = kPublished,
                          const SigningScope& scope = kS3) {
  SigV4Signer signer;
  const auto signed_request = signer.sign(request, credentials, scope, kPublishedTime);
  return signed_request.ok() ? signed_request->headers.back().value : signed_request.error().message;
}

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return request;
}

std::string canonical(const std::string& url, const SigningRules& rules, std::vector<HttpHeader> headers = {}) {
  return canonical_request("GET", *parse_url(url), headers, "HASH", rules).text;
}

TEST(SigV4, SignsThePublishedGetOfAnObject) {
  HttpRequest request = get(kBucket + "/test.txt");
  request.headers = {{"Range", "bytes=0-9"}};
  EXPECT_EQ(authorization(request),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4, SignsThePublishedPutOfAnObjectWhosePathIsEncodedOnce) {
  HttpRequest request = get(kBucket + "/test%24file.text");
  request.method = "PUT";
  request.headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  request.body = "Welcome to Amazon S3.";
  EXPECT_THAT(authorization(request), EndsWith("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST(SigV4, SignsThePublishedSubResourceWithoutAValue) {
  EXPECT_THAT(authorization(get(kBucket + "/?lifecycle")),
              EndsWith("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
}

TEST(SigV4, SignsThePublishedListOfObjectsInAnyOrderOfItsQuery) {
  const std::string expected = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
  EXPECT_THAT(authorization(get(kBucket + "/?max-keys=2&prefix=J")), EndsWith(expected));
  EXPECT_THAT(authorization(get(kBucket + "/?prefix=J&max-keys=2")), EndsWith(expected));
}

TEST(SigV4, PresignsThePublishedUrl) {
  SigV4Signer signer;
  const auto url = signer.presign(get(kBucket + "/test.txt"), kPublished, kS3, kPublishedTime, std::chrono::hours(24),
                                  SigningRules::of("s3"));
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_THAT(*url, EndsWith("&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"));
}

TEST(SigV4, GivesASubResourceWithoutAValueAnEmptyOne) {
  EXPECT_THAT(canonical("https://b.s3.amazonaws.com/?publicAccessBlock", SigningRules::of("s3")),
              StartsWith("GET\n/\npublicAccessBlock=\n"));
}

TEST(SigV4, TakesAnS3PathAsItIsSent) {
  EXPECT_THAT(canonical("https://h/b/a%20b//./../c%2F%C3%A9", SigningRules::of("s3")),
              StartsWith("GET\n/b/a%20b//./../c%2F%C3%A9\n"));
}

TEST(SigV4, ResolvesAndEncodesThePathOfOtherServicesAgain) {
  EXPECT_THAT(canonical("https://h/a%20b//./x/../c", SigningRules::of("eks")), StartsWith("GET\n/a%2520b/c\n"));
}

TEST(SigV4, EncodesAPlusInAVersionIdHoweverItIsWritten) {
  const auto rules = SigningRules::of("s3");
  EXPECT_THAT(canonical("https://h/k?acl&versionId=a+b/%2bc", rules),
              StartsWith("GET\n/k\nacl=&versionId=a%2Bb%2F%2Bc\n"));
}

TEST(SigV4, KeepsAPortThatIsNotTheSchemesOwnInTheHost) {
  SigV4Signer signer;
  const auto request = signer.sign(get("http://127.0.0.1:5055/b?acl"), kPublished, kS3, kPublishedTime);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->headers.at(0), (HttpHeader{"Host", "127.0.0.1:5055"}));
}

TEST(SigV4, SignsTheSessionTokenOfTemporaryCredentials) {
  Credentials temporary = kPublished;
  temporary.session_token = "token/with+signs==";
  SigV4Signer signer;
  const auto request = signer.sign(get(kBucket + "/?acl"), temporary, kS3, kPublishedTime);
  ASSERT_TRUE(request);
  EXPECT_THAT(request->headers.back().value,
              HasSubstr("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"));
  EXPECT_THAT(request->headers, ::testing::Contains(HttpHeader{"X-Amz-Security-Token", "token/with+signs=="}));
}

TEST(SigV4, SortsHeadersByNameAndNotByNameWithColon) {
  const std::string text = canonical("https://h/", {}, {{"x-amz-meta-test-two", "2"}, {"X-Amz-Meta-Test", "1"}});
  EXPECT_THAT(text, HasSubstr("x-amz-meta-test:1\nx-amz-meta-test-two:2\n"));
}

TEST(SigV4, LeavesOutHeadersThatProxiesChange) {
  const std::string text = canonical("https://h/", {}, {{"User-Agent", "kedge"}, {"Connection", "close"}, {"A", "b"}});
  EXPECT_THAT(text, EndsWith("\na:b\n\na\nHASH"));
}

TEST(SigV4, HashesTheBodyIntoAHeaderForS3Alone) {
  SigV4Signer signer;
  for (const char* service : {"s3", "ec2"}) {
    const auto request = signer.sign(get("https://h/"), kPublished, {"us-east-1", service}, kPublishedTime);
    const bool has_hash = std::ranges::any_of(
        request->headers, [](const HttpHeader& header) { return header.name == "X-Amz-Content-Sha256"; });
    EXPECT_EQ(has_hash, service == std::string("s3"));
  }
}

// The derived key is kept; another secret under the same key id must not find it.
TEST(SigV4, DoesNotMixTheKeysOfTwoSecrets) {
  SigV4Signer signer;
  Credentials other = kPublished;
  other.secret_access_key = "another";
  const auto first = signer.sign(get("https://h/"), kPublished, kS3, kPublishedTime);
  const auto second = signer.sign(get("https://h/"), other, kS3, kPublishedTime);
  const auto third = signer.sign(get("https://h/"), kPublished, kS3, kPublishedTime);
  EXPECT_NE(first->headers, second->headers);
  EXPECT_EQ(first->headers, third->headers);
}

TEST(SigV4, RefusesAUrlThatCannotBeSent) { EXPECT_THAT(authorization(get("no url")), HasSubstr("not a URL")); }

}  // namespace
}  // namespace kedge
