#include "http/url.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

TEST(Url, SplitsIntoItsParts) {
  const auto url = parse_url("HTTPS://Bucket.S3.Example:8443/a%20b/c?acl&x=1");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(*url, (Url{"https", "bucket.s3.example", 8443, "/a%20b/c", "acl&x=1"}));
  EXPECT_EQ(url->authority(), "bucket.s3.example:8443");
}

TEST(Url, HasARootPathWhenNoneIsWritten) {
  EXPECT_EQ(parse_url("http://h")->text(), "http://h/");
  EXPECT_EQ(parse_url("http://h?x")->text(), "http://h/?x");
}

TEST(Url, KeepsAnEmptyQueryApartFromNone) {
  EXPECT_EQ(parse_url("http://h/?")->text(), "http://h/?");
  EXPECT_EQ(parse_url("http://h/")->query, std::nullopt);
}

TEST(Url, LeavesThePortOfItsSchemeOutOfTheAuthority) {
  EXPECT_EQ(parse_url("http://h:80/")->authority(), "h");
  EXPECT_EQ(parse_url("https://h:443/")->authority(), "h");
  EXPECT_EQ(parse_url("http://h:443/")->authority(), "h:443");
}

TEST(Url, ReadsIpv6Addresses) {
  EXPECT_EQ(parse_url("http://[fd00:ec2::254]/")->authority(), "[fd00:ec2::254]");
  EXPECT_EQ(parse_url("http://[::1]:9000/")->authority(), "[::1]:9000");
}

TEST(Url, RefusesWhatCannotBeRequested) {
  for (const char* text : {"", "h", "ftp://h/", "http://", "http:///p", "http://h:0/", "http://h:65536/",
                           "http://h:1x/", "http://u@h/", "http://h/a b", "http://h/#part", "http://h/\r\n"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(PercentEncoding, KeepsOnlyTheUnreservedCharacters) {
  EXPECT_EQ(percent_encode("aZ09-_.~ +/=\xc3\xa9"), "aZ09-_.~%20%2B%2F%3D%C3%A9");
  EXPECT_EQ(percent_encode("a/b c", "/"), "a/b%20c");
}

TEST(PercentEncoding, IsUndoneByDecoding) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
}

TEST(PercentDecoding, LeavesAPlusAndBrokenEscapesAlone) {
  EXPECT_EQ(percent_decode("a+b%2b%2B"), "a+b++");
  EXPECT_EQ(percent_decode("100%"), "100%");
  EXPECT_EQ(percent_decode("%4"), "%4");
  EXPECT_EQ(percent_decode("%zz"), "%zz");
}

}  // namespace
}  // namespace kedge
