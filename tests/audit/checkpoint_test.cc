#include "audit/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/merkle.h"
#include "base/ed25519.h"
#include "tests/audit/vectors.h"

namespace kedge {
namespace {

using testing::HasSubstr;

SigningKey key_of(const std::string& name, char seed) {
  return SigningKey::from_seed(name, std::string(32, seed)).value();
}
SigningKey known_key() { return SigningKey::from_seed(vectors::kOrigin, vectors::kSeed).value(); }
Checkpoint known_checkpoint() { return {vectors::kOrigin, 5, vectors::kRoots[4]}; }

TEST(Checkpoint, SignedWithTheKnownKeyHasTheKnownBytes) {
  EXPECT_EQ(*sign_checkpoint(known_checkpoint(), {known_key()}), vectors::kCheckpoint);
  EXPECT_EQ(*open_checkpoint(vectors::kCheckpoint, {known_key().verifier()}), known_checkpoint());
}

// A witness's signature is of a kind that is not ours, of another name, and over our text with a time before it.
TEST(Checkpoint, ThatAWitnessSignedTooIsOpenedByTheLogsKeyAlone) {
  EXPECT_EQ(*open_checkpoint(vectors::kCosigned, {known_key().verifier()}), known_checkpoint());
  const Note note = *parse_note(vectors::kCosigned);
  EXPECT_EQ(to_text(note), vectors::kCosigned);
  ASSERT_EQ(note.signatures.size(), 2U);
  const NoteSignature& witness = note.signatures[1];
  EXPECT_EQ(witness.name, vectors::kWitness);
  EXPECT_EQ(witness.key_id, 0x9f274363U);
  EXPECT_EQ(sha256(vectors::kWitness + "\n" + vectors::kWitnessKey).hex().substr(0, 8), "9f274363");
  EXPECT_EQ(witness.bytes.substr(0, 8), from_hex("0000000067748580").value()) << "the time, 1735689600";
  const std::string signed_text = "cosignature/v1\ntime 1735689600\n" + note.text;
  EXPECT_TRUE(ed25519_verifies(vectors::kWitnessKey.substr(1), signed_text, witness.bytes.substr(8)));

  std::string changed = vectors::kCosigned;
  changed.replace(changed.rfind("nydDYwAAAABndIWA"), 16, "nydDYwAAAABndIWB");
  EXPECT_TRUE(open_checkpoint(changed, {known_key().verifier()})) << "nobody asked for this witness";
  EXPECT_FALSE(VerifierKey::parse("witness.example/w1+9f274363+BM0Us3+VbpUxlP9/tzs9gdzFYdYadTgJS3w+GmQ+5fOq"))
      << "it signs no log";
}

TEST(Checkpoint, OfAnEmptyLogHasOneRoot) {
  EXPECT_EQ(to_text(Checkpoint{"a", 0, empty_root()}), "a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
  EXPECT_TRUE(parse_checkpoint(to_text(Checkpoint{"a", 0, empty_root()})).ok());
  EXPECT_THAT(parse_checkpoint(to_text(Checkpoint{"a", 0, Digest{}})).error().message, HasSubstr("line 3"));
}

TEST(Checkpoint, RefusesWhatIsNotCanonical) {
  const std::string root = "+Fu4gJJxx/5p5SIA2oCAnTR6ocHalvh92+lGdnxKBds=";
  ASSERT_TRUE(parse_checkpoint("a\n5\n" + root + "\n").ok());
  ASSERT_TRUE(parse_checkpoint("a\n9223372036854775807\n" + root + "\n").ok());
  for (const std::string& text : {std::string(),
                                  std::string("a"),
                                  std::string("a\n"),
                                  std::string("a\n5\n"),
                                  "\n5\n" + root + "\n",
                                  "a b\n5\n" + root + "\n",
                                  "a\n05\n" + root + "\n",
                                  "a\n+5\n" + root + "\n",
                                  "a\n-5\n" + root + "\n",
                                  "a\n 5\n" + root + "\n",
                                  "a\n5 \n" + root + "\n",
                                  "a\n0x5\n" + root + "\n",
                                  "a\n\n" + root + "\n",
                                  "a\n9223372036854775808\n" + root + "\n",
                                  "a\n18446744073709551621\n" + root + "\n",
                                  "a\n5\n" + root,
                                  "a\n5\n" + root + "\n\n",
                                  "a\n5\n" + root + "\nextension\n",
                                  "a\n5\n" + root.substr(4) + "\n",
                                  std::string("a\n5\n+Fu4gJJxx/5p5SIA2oCAnTR6ocHalvh92+lGdnxKBdt=\n")}) {
    EXPECT_FALSE(parse_checkpoint(text).ok()) << text;
  }
}

TEST(Checkpoint, IsSignedByTwoKeysWhileOneFollowsTheOther) {
  const SigningKey next = key_of(vectors::kOrigin, 'n');
  const std::string note = sign_checkpoint(known_checkpoint(), {known_key(), next}).value();
  for (const auto& keys : {std::vector<VerifierKey>{known_key().verifier()},
                           {next.verifier()},
                           {next.verifier(), known_key().verifier()}}) {
    EXPECT_EQ(*open_checkpoint(note, keys), known_checkpoint());
  }
}

TEST(Checkpoint, IsSignedByKeysOfItsOriginAlone) {
  EXPECT_EQ(sign_checkpoint(known_checkpoint(), {key_of("another", 'x')}).error().code, ErrorCode::invalid);
  EXPECT_FALSE(sign_checkpoint(known_checkpoint(), {}).ok());
  const std::string text = to_text(known_checkpoint());
  const SigningKey another = key_of("another", 'x');
  const auto opened = open_checkpoint(to_text(Note{text, {another.sign(text)}}), {another.verifier()});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::refused);
  EXPECT_THAT(opened.error().message, HasSubstr("signed by another alone"));
}

TEST(Checkpoint, EveryBitOfItCounts) {
  const std::vector<VerifierKey> keys = {known_key().verifier()};
  for (size_t at = 0; at < vectors::kCheckpoint.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string note = vectors::kCheckpoint;
      note[at] = static_cast<char>(note[at] ^ 1 << bit);
      EXPECT_FALSE(open_checkpoint(note, keys).ok()) << note;
    }
    EXPECT_FALSE(open_checkpoint(vectors::kCheckpoint.substr(0, at), keys).ok()) << at;
  }
}

}  // namespace
}  // namespace kedge
