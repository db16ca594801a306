#include "plan/action_spec.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

ActionCatalog catalog() {
  ActionSpec block;
  block.name = "aws.s3.block_public_access";
  block.arguments = {{"bucket", ArgumentType::string, true, false, "the bucket's name"},
                     {"regions", ArgumentType::string_list, false, false, "where"}};
  return ActionCatalog({block});
}

std::string complaint(std::string_view action, const nlohmann::json& args) {
  const auto checked = catalog().check(action, args);
  return checked ? "" : checked.error().message;
}

TEST(ActionCatalog, AcceptsWhatTheSpecAsksFor) {
  EXPECT_EQ(complaint("aws.s3.block_public_access", {{"bucket", "b"}, {"regions", {"eu-west-1"}}}), "");
}

TEST(ActionCatalog, SuggestsTheNearestName) {
  EXPECT_EQ(complaint("aws.s3.block_public_acces", {{"bucket", "b"}}),
            "there is no action 'aws.s3.block_public_acces' (did you mean 'aws.s3.block_public_access'?); "
            "`kedge actions` lists all");
  EXPECT_EQ(complaint("aws.s3.block_public_access", {{"bukket", "b"}}),
            "aws.s3.block_public_access has no argument 'bukket' (did you mean 'bucket'?); it takes: bucket, regions");
}

TEST(ActionCatalog, NamesTheArgumentThatIsMissingOrWrong) {
  EXPECT_EQ(complaint("aws.s3.block_public_access", nlohmann::json::object()),
            "aws.s3.block_public_access: the argument 'bucket' is missing: the bucket's name");
  EXPECT_EQ(complaint("aws.s3.block_public_access", {{"bucket", 5}}),
            "aws.s3.block_public_access: the argument 'bucket' must be a string that is not empty: the bucket's name");
  EXPECT_NE(complaint("aws.s3.block_public_access", {{"bucket", "b"}, {"regions", {1}}}), "");
}

}  // namespace
}  // namespace kedge
