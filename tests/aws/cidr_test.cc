#include "aws/cidr.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

TEST(Cidr, IsReadInBothFamilies) {
  EXPECT_EQ(parse_cidr("192.0.2.0/24"), (Cidr{false, 24}));
  EXPECT_EQ(parse_cidr("192.0.2.1"), (Cidr{false, 32}));
  EXPECT_EQ(parse_cidr("208.236.235.254/0"), (Cidr{false, 0}));
  EXPECT_EQ(parse_cidr("2001:db8::/32"), (Cidr{true, 32}));
  EXPECT_EQ(parse_cidr("::1"), (Cidr{true, 128}));
  EXPECT_EQ(parse_cidr("::ffff:192.0.2.0/120"), (Cidr{false, 24}));
}

TEST(Cidr, IsNotReadFromAnythingElse) {
  for (const char* text :
       {"", "/", "1.2.3", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "1.2.3.4/8x", "::/129", "host", "*"}) {
    EXPECT_EQ(parse_cidr(text), std::nullopt) << text;
  }
}

TEST(Cidr, IsBroadBelowASlashEightOrASlashThirtyTwo) {
  for (const char* text :
       {"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "12.0.0.0/7", "::/0", "2000::/3", "2001:db8::/31"}) {
    EXPECT_TRUE(parse_cidr(text)->is_broad()) << text;
  }
  for (const char* text : {"10.0.0.0/8", "192.0.2.1", "2001:db8::/32"})
    EXPECT_FALSE(parse_cidr(text)->is_broad()) << text;
}

}  // namespace
}  // namespace kedge
