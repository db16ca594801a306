#include "audit/note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/audit/vectors.h"

namespace kedge {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kDash = "\xE2\x80\x94 ";

SigningKey known_key() { return SigningKey::from_seed(vectors::kOrigin, vectors::kSeed).value(); }
SigningKey other_key(std::string name = vectors::kOrigin) {
  return SigningKey::from_seed(std::move(name), std::string(32, '\7')).value();
}

TEST(Note, SignedWithTheKnownKeyHasTheKnownBytes) {
  const Note note{vectors::kCheckpointText, {known_key().sign(vectors::kCheckpointText)}};
  EXPECT_EQ(to_text(note), vectors::kCheckpoint);
  EXPECT_EQ(*parse_note(vectors::kCheckpoint), note);
  EXPECT_EQ(known_key().verifier().to_text(), vectors::kVerifierKey);
}

TEST(Note, IsSplitAtItsLastBlankLine) {
  const std::string text = "one\n\n\nthree\n";
  const Note note{text, {known_key().sign(text)}};
  EXPECT_EQ(*parse_note(to_text(note)), note);
}

TEST(Note, RefusesWhatIsNotStrict) {
  const std::string& good = vectors::kCheckpoint;
  const auto with = [&](const std::string& what, const std::string& instead) {
    std::string text = good;
    return text.replace(text.rfind(what), what.size(), instead);
  };
  for (const std::string& text : {std::string(),
                                  std::string("\n"),
                                  std::string("\n\n"),
                                  std::string("text\n"),
                                  std::string("text\n\n"),
                                  good.substr(0, good.size() - 1),
                                  good + "\n",
                                  good + "x\n",
                                  with(kDash, "- "),
                                  with(kDash, "\xE2\x80\x94"),
                                  with("audit fvU", "audit  fvU"),
                                  with("AM=\n", "AN=\n"),
                                  with("AM=\n", "AM\n"),
                                  with("5\n", "5\r\n"),
                                  with("5\n", "5\t\n"),
                                  with("5\n", "\xFF\n"),
                                  with("drift-audit fvU", "drift+audit fvU"),
                                  with("example.com/drift-audit fvU", " fvU"),
                                  "text\n\n" + kDash + "name fvU90A==\n",
                                  std::string(kNoteBytesMax, 'x') + good}) {
    EXPECT_FALSE(parse_note(text).ok()) << text;
  }
}

TEST(Note, NamesTheLineThatIsWrong) {
  EXPECT_THAT(parse_note(vectors::kCheckpoint + kDash + "another.example Zg==\n").error().message, HasSubstr("line 6"));
}

TEST(Note, TakesAHundredSignaturesAndNoMore) {
  Note note{"text\n", std::vector<NoteSignature>(kNoteSignaturesMax, known_key().sign("text\n"))};
  EXPECT_TRUE(parse_note(to_text(note)).ok());
  note.signatures.push_back(note.signatures.front());
  EXPECT_FALSE(parse_note(to_text(note)).ok());
}

TEST(VerifiedSignatures, AreThoseOfTheGivenKeys) {
  Note note{"text\n", {other_key().sign("text\n"), known_key().sign("text\n")}};
  const auto verified = verified_signatures(note, {known_key().verifier()});
  ASSERT_TRUE(verified.ok());
  EXPECT_EQ(*verified, std::vector<NoteSignature>{note.signatures[1]});
  EXPECT_EQ(verified_signatures(note, {known_key().verifier(), other_key().verifier()})->size(), 2U);
}

TEST(VerifiedSignatures, OfNobodyWhoIsTrustedAreRefused) {
  const Note note{"text\n", {known_key().sign("text\n")}};
  for (const auto& keys : {std::vector<VerifierKey>{}, {other_key().verifier()}, {other_key("another").verifier()}}) {
    const auto verified = verified_signatures(note, keys);
    ASSERT_FALSE(verified.ok());
    EXPECT_EQ(verified.error().code, ErrorCode::refused);
    EXPECT_THAT(verified.error().message, HasSubstr(vectors::kOrigin + "+7ef53dd0"));
  }
}

TEST(VerifiedSignatures, AreNoneWhenOneOfATrustedKeyIsNotGood) {
  Note note{"text\n", {known_key().sign("text\n"), other_key().sign("another text\n")}};
  EXPECT_TRUE(verified_signatures(note, {known_key().verifier()}).ok());  // what the other signed is not looked at
  EXPECT_FALSE(verified_signatures(note, {known_key().verifier(), other_key().verifier()}).ok());
  note.text = "Text\n";
  EXPECT_FALSE(verified_signatures(note, {known_key().verifier()}).ok());
}

TEST(VerifierKey, IsReadBackAsItWasWritten) {
  EXPECT_EQ(VerifierKey::parse(vectors::kVerifierKey)->to_text(), vectors::kVerifierKey);
  EXPECT_EQ(*VerifierKey::parse(vectors::kVerifierKey), known_key().verifier());
}

TEST(VerifierKey, EveryByteOfItCounts) {
  for (size_t at = 0; at < vectors::kVerifierKey.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string text = vectors::kVerifierKey;
      text[at] = static_cast<char>(text[at] ^ 1 << bit);
      EXPECT_FALSE(VerifierKey::parse(text).ok()) << text;
    }
    EXPECT_FALSE(VerifierKey::parse(vectors::kVerifierKey.substr(0, at)).ok()) << at;
  }
}

// The key of the specification's own example, and one of a kind that is not ours.
TEST(VerifierKey, IsEd25519Alone) {
  EXPECT_FALSE(VerifierKey::parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k=").ok());
  EXPECT_TRUE(VerifierKey::parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").ok());
  EXPECT_THAT(
      VerifierKey::parse("witness.example/w1+9f274363+BM0Us3+VbpUxlP9/tzs9gdzFYdYadTgJS3w+GmQ+5fOq").error().message,
      HasSubstr("no Ed25519 key"));
}

TEST(KeyName, HasNoSpaceNoPlusAndNoControlCharacter) {
  EXPECT_TRUE(check_key_name("audit.example.com/kedge").ok());
  EXPECT_TRUE(check_key_name("pr\xC3\xBC"
                             "fung.example")
                  .ok());
  for (const char* name : {"", "a b", "a+b", "a\tb", "a\nb", "a\x7F",
                           "a\xC2\xA0"
                           "b",
                           "a\xE3\x80\x80", "\xFF"}) {
    EXPECT_FALSE(check_key_name(name).ok()) << name;
  }
}

TEST(SigningKey, IsReadBackAsItWasWritten) {
  const std::string text = known_key().to_text();
  EXPECT_EQ(text, "PRIVATE+KEY+example.com/drift-audit+7ef53dd0+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f");
  const auto key = SigningKey::parse(text);
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->sign(vectors::kCheckpointText), known_key().sign(vectors::kCheckpointText));
}

TEST(SigningKey, EveryByteOfItCountsAndNoErrorTellsTheSecret) {
  const std::string text = known_key().to_text();
  for (size_t at = 0; at < text.size(); ++at) {
    std::string flipped = text;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    const auto key = SigningKey::parse(flipped);
    ASSERT_FALSE(key.ok()) << flipped;
    EXPECT_THAT(key.error().message, Not(HasSubstr("BAgMEBQYHCA"))) << at;
  }
}

}  // namespace
}  // namespace kedge
