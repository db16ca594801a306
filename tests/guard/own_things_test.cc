#include "guard/own_things.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

const std::vector<OwnThing> kOwn = {{"arn:aws:iam::1:role/kedge", "our role", false},
                                    {"host:here", "our host", false},
                                    {"host:here/var/lib/kedge", "our data", true},
                                    {"arn:aws:s3:::audit-*", "configured", false}};

std::string own(const std::string& key) {
  const auto found = own_among({"arn:aws:s3:::anything", key}, kOwn);
  return found ? found->what : "";
}

TEST(OwnThings, AreFoundByTheirKeys) {
  EXPECT_EQ(own("arn:aws:iam::1:role/kedge"), "our role");
  EXPECT_EQ(own("arn:aws:iam::1:role/kedge-2"), "");
  EXPECT_EQ(own("arn:aws:s3:::audit-log"), "configured");
  EXPECT_EQ(own("arn:aws:s3:::web"), "");
  EXPECT_FALSE(own_among({}, kOwn).has_value());
  EXPECT_FALSE(own_among({"host:here"}, {}).has_value());
}

TEST(OwnThings, OfAHostAreTheHostItselfAndTheEnginesFolders) {
  EXPECT_EQ(own("host:here"), "our host");
  EXPECT_EQ(own("host:here/etc/passwd"), "") << "a file of our host may be put right";
  EXPECT_EQ(own("host:here/var/lib/kedge"), "our data");
  EXPECT_EQ(own("host:here/var/lib/kedge/ledger.db"), "our data");
  EXPECT_EQ(own("host:here/var/lib"), "our data") << "what it lies in";
  EXPECT_EQ(own("host:here/var/lib/kedge-2"), "");
  EXPECT_EQ(own("host:there/var/lib/kedge"), "");
}

}  // namespace
}  // namespace kedge
