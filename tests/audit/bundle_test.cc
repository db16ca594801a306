#include "audit/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/audit/vectors.h"

namespace kedge {
namespace {

using testing::HasSubstr;

TEST(Bundle, HoldsTheKnownEntriesAsKnownBytes) {
  std::string bundle;
  for (const std::string& entry : vectors::kEntries) ASSERT_TRUE(append_entry(bundle, entry).ok());
  EXPECT_EQ(bundle, vectors::kBundle);
  const auto entries = parse_bundle(bundle, 5);
  ASSERT_TRUE(entries.ok());
  EXPECT_TRUE(std::equal(entries->begin(), entries->end(), vectors::kEntries.begin(), vectors::kEntries.end()));
}

TEST(Bundle, TakesTheLongestEntryAndNoLongerOne) {
  std::string bundle;
  ASSERT_TRUE(append_entry(bundle, std::string(kEntryBytesMax, 'x')).ok());
  EXPECT_EQ(parse_bundle(bundle, 1)->front().size(), kEntryBytesMax);
  const std::string before = bundle;
  const auto done = append_entry(bundle, std::string(kEntryBytesMax + 1, 'x'));
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::limit);
  EXPECT_EQ(bundle, before);
}

TEST(Bundle, CutAtAnyLengthIsRefused) {
  for (size_t length = 0; length < vectors::kBundle.size(); ++length) {
    const auto entries = parse_bundle(std::string_view(vectors::kBundle).substr(0, length), 5);
    ASSERT_FALSE(entries.ok()) << length;
    EXPECT_EQ(entries.error().code, ErrorCode::corrupt);
    EXPECT_THAT(entries.error().message, HasSubstr("ends at byte " + std::to_string(length)));
  }
}

TEST(Bundle, WithMoreThanItsEntriesIsRefusedUnlessThatIsToBeIgnored) {
  EXPECT_THAT(parse_bundle(vectors::kBundle, 4).error().message, HasSubstr("end at byte 21, but it has 25"));
  EXPECT_EQ(parse_bundle(vectors::kBundle, 4, AfterEntries::ignored)->size(), 4U);
  EXPECT_FALSE(parse_bundle(vectors::kBundle + std::string(1, '\0'), 5).ok());
}

}  // namespace
}  // namespace kedge
