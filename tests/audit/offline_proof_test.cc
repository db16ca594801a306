#include "audit/offline_proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/audit/log_files.h"

namespace kedge {
namespace {

using testing::HasSubstr;

const std::string kText =
    "c2sp.org/tlog-proof@v1\n"
    "index 2\n"
    "awJx+MyXEhyeJejHMfR8lBtIfFg/X+FUmKTG8ZlK8pk=\n"
    "aI3GJEsEEZnnq0mQ32NAzj3BTKpc1aDhExrdqhIJ4aY=\n"
    "jh+IfPx8el5D8gLa9n2Zro+P1LM6ayUbz59dg0djA+o=\n"
    "\n" +
    vectors::kCheckpoint;

TEST(OfflineProof, OfTheKnownEntryHasTheKnownBytes) {
  const OfflineProof proof{2, vectors::kInclusion, vectors::kCheckpoint};
  EXPECT_EQ(to_text(proof), kText);
  EXPECT_EQ(*parse_offline_proof(kText), proof);
  const auto proven = check_offline_proof(proof, vectors::kEntries[2], {known_key().verifier()});
  ASSERT_TRUE(proven.ok());
  EXPECT_EQ(proven->index, 2U);
  EXPECT_EQ(proven->checkpoint, (Checkpoint{vectors::kOrigin, 5, vectors::kRoots[4]}));
}

TEST(OfflineProof, ShowsNothingOfAnotherRecordOrWithAnotherKey) {
  const OfflineProof proof{2, vectors::kInclusion, vectors::kCheckpoint};
  const auto other = check_offline_proof(proof, "{\"seq\":3}", {known_key().verifier()});
  EXPECT_THAT(other.error().message, HasSubstr("not entry 2 of the log example.com/drift-audit"));
  const SigningKey key = SigningKey::from_seed(vectors::kOrigin, std::string(32, 'x')).value();
  EXPECT_EQ(check_offline_proof(proof, vectors::kEntries[2], {key.verifier()}).error().code, ErrorCode::refused);
}

// True when this text proves the known record.
bool proves(std::string_view text) {
  const auto proof = parse_offline_proof(text);
  return proof && check_offline_proof(*proof, vectors::kEntries[2], {known_key().verifier()}).ok();
}

TEST(OfflineProof, EveryBitOfItCountsAndItCannotBeCut) {
  ASSERT_TRUE(proves(kText));
  for (size_t at = 0; at < kText.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string text = kText;
      text[at] = static_cast<char>(text[at] ^ 1 << bit);
      EXPECT_FALSE(proves(text)) << text;
    }
    EXPECT_FALSE(proves(kText.substr(0, at))) << at;
  }
}

TEST(OfflineProof, MayHaveALineForWhichNobodyVouches) {
  std::string text = kText;
  text.insert(text.find("index"), "extra Zm9v\n");
  EXPECT_TRUE(proves(text));
  text.insert(text.find("index"), "extra Zm9v\n");
  EXPECT_FALSE(proves(text));
  text = kText;
  text.insert(text.find("index"), "extra ?\n");
  EXPECT_THAT(parse_offline_proof(text).error().message, HasSubstr("line 2"));
}

TEST(OfflineProof, NamesTheLineThatIsWrong) {
  EXPECT_THAT(parse_offline_proof("").error().message, HasSubstr("line 1"));
  EXPECT_THAT(parse_offline_proof("c2sp.org/tlog-proof@v1\nindex 02\n\n").error().message, HasSubstr("line 2"));
  EXPECT_THAT(parse_offline_proof("c2sp.org/tlog-proof@v1\nindex 2\nabc\n\n").error().message, HasSubstr("line 3"));
  EXPECT_THAT(parse_offline_proof("c2sp.org/tlog-proof@v1\nindex 2\n").error().message, HasSubstr("line 3"));
  OfflineProof long_one{2, std::vector<Digest>(64), ""};
  EXPECT_THAT(parse_offline_proof(to_text(long_one)).error().message, HasSubstr("line 66"));
}

}  // namespace
}  // namespace kedge
