#include "audit/key_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "tests/audit/vectors.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using testing::HasSubstr;
using testing::Not;

mode_t mode_of(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(stat(path.c_str(), &found), 0);
  return found.st_mode & 07777;
}

class KeyFile : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  const std::string path_ = directory_.path() / "key";
};

TEST_F(KeyFile, IsItsOwnersAloneAndWhatVerifiesLiesBeside) {
  const auto made = make_key_file(path_, "audit.example/kedge");
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(mode_of(path_), 0600U);
  EXPECT_EQ(read_signing_key(path_)->verifier(), *made);
  EXPECT_EQ(*read_verifier_keys(path_ + ".pub"), std::vector<VerifierKey>{*made});
}

TEST_F(KeyFile, IsAnotherEachTimeAndNeverReplaced) {
  const VerifierKey first = make_key_file(path_, "audit.example/kedge").value();
  const auto second = make_key_file(path_, "audit.example/kedge");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_EQ(read_signing_key(path_)->verifier(), first);
  EXPECT_NE(*make_key_file(path_ + "2", "audit.example/kedge"), first);
  ASSERT_TRUE(write_file_atomically(path_ + "3.pub", "").ok());
  EXPECT_EQ(make_key_file(path_ + "3", "audit.example/kedge").error().code, ErrorCode::conflict);
  EXPECT_NE(access((path_ + "3").c_str(), F_OK), 0);
}

TEST_F(KeyFile, ThatOthersCanReadIsRefused) {
  ASSERT_TRUE(make_key_file(path_, "audit.example/kedge").ok());
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0666U}) {
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
    const auto key = read_signing_key(path_);
    ASSERT_FALSE(key.ok()) << mode;
    EXPECT_EQ(key.error().code, ErrorCode::refused);
    EXPECT_THAT(key.error().message, HasSubstr("chmod 600 " + path_));
  }
  ASSERT_EQ(chmod(path_.c_str(), 0400), 0);
  EXPECT_TRUE(read_signing_key(path_).ok());
}

TEST_F(KeyFile, ThatIsNoneIsRefusedByNameAndNeverShown) {
  EXPECT_EQ(read_signing_key(path_).error().code, ErrorCode::not_found);
  const std::string text = SigningKey::from_seed(vectors::kOrigin, vectors::kSeed)->to_text();
  for (const std::string& wrong :
       {std::string(), vectors::kVerifierKey, text + "\n" + text, text + "\n\n", " " + text}) {
    ASSERT_TRUE(write_file_atomically(path_, wrong, 0600).ok());
    const auto key = read_signing_key(path_);
    ASSERT_FALSE(key.ok()) << wrong;
    EXPECT_THAT(key.error().message, HasSubstr(path_));
    EXPECT_THAT(key.error().message, Not(HasSubstr("AQABAgM")));
  }
  ASSERT_TRUE(write_file_atomically(path_, text, 0600).ok());
  EXPECT_TRUE(read_signing_key(path_).ok());
}

TEST_F(KeyFile, OfVerifiersHasALineForEachAndNamesTheWrongOne) {
  ASSERT_TRUE(write_file_atomically(path_, "# since 2026\n" + vectors::kVerifierKey + "\n\n").ok());
  EXPECT_EQ(read_verifier_keys(path_)->size(), 1U);
  ASSERT_TRUE(write_file_atomically(path_, vectors::kVerifierKey + "\nnone\n").ok());
  EXPECT_THAT(read_verifier_keys(path_).error().message, HasSubstr(path_ + ":2: "));
  ASSERT_TRUE(write_file_atomically(path_, "# nothing\n").ok());
  EXPECT_FALSE(read_verifier_keys(path_).ok());
}

}  // namespace
}  // namespace kedge
