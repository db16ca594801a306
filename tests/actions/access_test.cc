// What AWS refuses is told with what helps.
#include "actions/aws/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

std::string told(const std::string& code) {
  AwsError error;
  error.outcome = AwsOutcome::refused;
  error.code = code;
  error.message = "s3 GetBucketAcl: " + code + ": no";
  const ActionError in_our_words = action_error(error);
  EXPECT_EQ(in_our_words.code, code);
  EXPECT_EQ(in_our_words.message.substr(0, error.message.size()), error.message);
  return in_our_words.message.substr(error.message.size());
}

TEST(ActionError, TellsWhatHelps) {
  EXPECT_EQ(told("RequestTimeTooSkewed"),
            "; this machine's clock is wrong by more than AWS allows: set it (timedatectl set-ntp true), and see that "
            "nothing between here and AWS changes the Date of answers");
  EXPECT_EQ(told("RequestExpired"), told("RequestTimeTooSkewed"));
  EXPECT_EQ(
      told("AccessDenied"),
      "; it needs the permission s3:GetBucketAcl, for a resource of the account that the plan names, and no policy "
      "of the organization against it");
  EXPECT_EQ(told("InvalidAccessKeyId"), "; AWS does not know the access key: is it active, and of this partition?");
  EXPECT_EQ(told("SignatureDoesNotMatch"),
            "; the secret access key is not that of the access key id, or this machine's clock is wrong");
  EXPECT_EQ(told("NotImplemented"), "; this server does not have that call");
  EXPECT_EQ(told("NoSuchBucket"), "");
}

}  // namespace
}  // namespace kedge
