#include "aws/acl.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

const std::string kOpen =
    R"(<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>)"
    R"(http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>)";
const std::string kLog =
    R"(<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>)"
    R"(http://acs.amazonaws.com/groups/s3/LogDelivery</URI></Grantee><Permission>WRITE</Permission></Grant>)";
const std::string kUser =
    R"(<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>me</ID>)"
    R"(<DisplayName>a &amp; b</DisplayName></Grantee><Permission>FULL_CONTROL</Permission></Grant>)";

std::string acl_of(const std::string& grants) {
  return R"(<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>me</ID></Owner>)"
         "<AccessControlList>" +
         grants + "</AccessControlList></AccessControlPolicy>";
}

TEST(Acl, IsReadWithItsGrantsAndKeptAsItCame) {
  const std::string xml = "<?xml version=\"1.0\"?>\n" + acl_of(kUser + kOpen);
  const auto acl = parse_acl(xml);
  ASSERT_TRUE(acl) << acl.error().message;
  EXPECT_EQ(acl->xml, xml);
  EXPECT_EQ(acl->owner_id, "me");
  ASSERT_EQ(acl->grants.size(), 2);
  EXPECT_EQ(acl->grants[0], (AclGrant{"CanonicalUser", "me", "", "", "FULL_CONTROL"}));
  EXPECT_EQ(acl->grants[1], (AclGrant{"Group", "", "http://acs.amazonaws.com/groups/global/AllUsers", "", "READ"}));
}

TEST(Acl, LosesItsPublicGrantsAndNothingElse) {
  EXPECT_EQ(*acl_without_public_grants(acl_of(kUser + kOpen + kLog + kOpen)), acl_of(kUser + kLog));
}

TEST(Acl, IsNotReadFromAnotherDocument) {
  EXPECT_FALSE(parse_acl("<ListBucketResult/>"));
  EXPECT_FALSE(parse_acl("<AccessControlPolicy/>"));
  EXPECT_FALSE(acl_without_public_grants("<Error/>"));
}

}  // namespace
}  // namespace kedge
