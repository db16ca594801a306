#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/random.h"
#include "match/address.h"
#include "match/number.h"

namespace kedge {
namespace {

TEST(Number, IsComparableWhereItsDoubleSaysTheSame) {
  for (const char* text :
       {"0", "-0", "0.0", "1", "-1", "0.1", "1.50", "1e300", "9007199254740992", "123456789012345", "1e22", "100e-2",
        "-122.42916360922355", "2.5E-7", "0.000001", "1e-323", "1.7976931348623157e308"}) {
    EXPECT_TRUE(comparable_number(text)) << text;
  }
  for (const char* text :
       {"9007199254740993", "0.1234567890123456789", "122.422003528252475", "1e400", "-1e400", "1e-400", "5e-324",
        "12345678901234567890", "1e99999999999999999999", "1.00000000000000000001"}) {
    EXPECT_FALSE(comparable_number(text)) << text;
  }
}

TEST(Number, HasOneValueInAnySpelling) {
  EXPECT_EQ(comparable_number("100"), comparable_number("1e2"));
  EXPECT_EQ(comparable_number("0.5"), comparable_number("5.0E-1"));
  EXPECT_EQ(comparable_number("-0"), comparable_number("0e5"));
  EXPECT_EQ(comparable_number("1500"), comparable_number("0.15e+4"));
  EXPECT_NE(comparable_number("1"), comparable_number("-1"));
}

TEST(Number, IsReadAsItsNearestDouble) {
  Random random(7);
  const auto check = [](const std::string& text) {
    const NearestNumber read = nearest_number(text);
    if (read.state == NearestNumber::State::incomparable) return;
    ASSERT_EQ(read.value, std::strtod(text.c_str(), nullptr)) << text;
  };
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t digits = random.number() >> random.below(50);
    check(std::to_string(digits) + "e" + std::to_string(static_cast<int>(random.below(64)) - 32));
    check("-" + std::to_string(random.below(200)) + "." + std::to_string(digits));
    // In the middle between two doubles, and beside it.
    const uint64_t middle = (uint64_t{1} << 53U | random.number() >> 12U) * 2 + 1;
    for (const uint64_t near : {middle - 1, middle, middle + 1}) check(std::to_string(near) + "0e-1");
  }
}

// Decimals near to where the shortest one of a double ends: doubles as they are written, a digit more or less, one up
// or down in the last digit.
TEST(Number, IsComparableAtAGlanceOnlyWhereALongLookSaysSo) {
  Random random(11);
  int at_a_glance = 0;
  const auto check = [&](const std::string& text) {
    const NearestNumber read = nearest_number(text);
    if (read.state != NearestNumber::State::comparable) return;
    ++at_a_glance;
    ASSERT_TRUE(confirm_number(text, read.value)) << text;
  };
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t mantissa = uint64_t{1} << 52U | random.number() >> (random.below(4) == 0 ? 60 : 12);
    const double value = std::ldexp(static_cast<double>(mantissa), static_cast<int>(random.below(140)) - 122);
    for (int digits = 15; digits <= 18; ++digits) {
      char text[40];
      std::snprintf(text, sizeof text, "%.*e", digits - 1, value);
      check(text);
      char& last = text[digits];
      last = static_cast<char>(last == '9' ? '8' : last + 1);
      check(text);
    }
  }
  EXPECT_GT(at_a_glance, 200'000);
}

TEST(Number, OfASensorIsComparableAtAGlance) {
  for (const char* text : {"-122.46553602559838", "37.77899253443607", "0.30000000000000004", "1701234567.1234567"}) {
    EXPECT_EQ(nearest_number(text).state, NearestNumber::State::comparable) << text;
  }
}

TEST(Address, HasOneValueInAnySpelling) {
  EXPECT_EQ(parse_address("10.0.0.1"), parse_address("010.00.0.001"));
  EXPECT_EQ(parse_address("10.0.0.1"), parse_address("::ffff:a00:1"));
  EXPECT_EQ(parse_address("10.0.0.1"), parse_address("0:0:0:0:0:FFFF:0A00:0001"));
  EXPECT_EQ(parse_address("::1"), parse_address("0:0:0:0:0:0:0:1"));
  EXPECT_EQ(parse_address("2001:db8::"), parse_address("2001:0db8:0::0"));
  EXPECT_EQ(parse_address("::"), Address{});
  EXPECT_NE(parse_address("::1"), parse_address("1::"));
}

TEST(Address, IsNotEveryTextWithDotsOrColons) {
  for (const char* text : {"",
                           "1",
                           "a",
                           ":",
                           "1.2.3",
                           "1.2.3.4.5",
                           "1.2.3.256",
                           "1..2.3",
                           "1.2.3.",
                           ".1.2.3",
                           " 1.2.3.4",
                           "1.2.3.4 ",
                           "0000000010.0.0.1",
                           ":::",
                           "1:2",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7:8::",
                           "::1::",
                           "1:",
                           ":1:2:3:4:5:6:7",
                           "::1.2.3.4",
                           "fe80::1%eth0",
                           "12345::",
                           "g::"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

}  // namespace
}  // namespace kedge
