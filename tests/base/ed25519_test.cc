#include "base/ed25519.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace kedge {
namespace {

// RFC 8032 §7.1, test 2.
const std::string kSeed = from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").value();
const std::string kPublicKey = from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c").value();
const std::string kSignature =
    from_hex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302a"
        "eeb00d291612bb0c00")
        .value();

TEST(Ed25519, AgreesWithRfc8032) {
  const auto key = Ed25519Key::from_seed(kSeed);
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->public_key(), kPublicKey);
  EXPECT_EQ(key->seed(), kSeed);
  EXPECT_EQ(key->sign("\x72"), kSignature);
  EXPECT_TRUE(ed25519_verifies(kPublicKey, "\x72", kSignature));
}

TEST(Ed25519, TakesNoOtherMessageKeyOrSignature) {
  EXPECT_FALSE(ed25519_verifies(kPublicKey, "\x73", kSignature));
  EXPECT_FALSE(ed25519_verifies(kSeed, "\x72", kSignature));
  for (size_t at = 0; at < kSignature.size(); ++at) {
    std::string flipped = kSignature;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    EXPECT_FALSE(ed25519_verifies(kPublicKey, "\x72", flipped)) << at;
  }
}

TEST(Ed25519, RefusesWhatIsNotOfItsLength) {
  EXPECT_FALSE(Ed25519Key::from_seed(kSeed.substr(1)).ok());
  EXPECT_FALSE(ed25519_verifies(kPublicKey.substr(1), "\x72", kSignature));
  EXPECT_FALSE(ed25519_verifies(kPublicKey, "\x72", kSignature.substr(1)));
  EXPECT_FALSE(ed25519_verifies(kPublicKey, "\x72", kSignature + '\0'));
}

}  // namespace
}  // namespace kedge
