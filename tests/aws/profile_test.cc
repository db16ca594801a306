#include "aws/profile.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

class ProfileFiles : public ::testing::Test {
 protected:
  Result<Profiles> read(const std::string& config, const std::string& credentials, mode_t mode = 0600) {
    directory_.write(".aws/config", config);
    const auto path = directory_.write(".aws/credentials", credentials);
    chmod(path.c_str(), mode);
    return read_profiles({{"HOME", directory_.path().string()}});
  }

  TemporaryDirectory directory_;
};

TEST_F(ProfileFiles, AreReadFromTheHomeDirectory) {
  const auto profiles = read("[default]\nregion = eu-west-1\n[profile ops]\nrole_arn=arn:x\n",
                             "# keys\n[default]\naws_access_key_id = AK\naws_secret_access_key = a=b/c+d\n");
  ASSERT_TRUE(profiles) << profiles.error().message;
  EXPECT_EQ(profiles->setting("default", "region"), "eu-west-1");
  EXPECT_EQ(profiles->setting("ops", "role_arn"), "arn:x");
  EXPECT_EQ(profiles->setting("default", "aws_secret_access_key"), "a=b/c+d");
}

TEST_F(ProfileFiles, AreReadWhereTheEnvironmentSaysTheyAre) {
  const auto config = directory_.write("elsewhere/c", "[profile a]\nregion=r\n");
  const auto keys = directory_.write("elsewhere/k", "[a]\naws_access_key_id=AK\n");
  const auto profiles =
      read_profiles({{"AWS_CONFIG_FILE", config.string()}, {"AWS_SHARED_CREDENTIALS_FILE", keys.string()}});
  EXPECT_EQ(profiles->setting("a", "region"), "r");
  EXPECT_EQ(profiles->setting("a", "aws_access_key_id"), "AK");
}

TEST_F(ProfileFiles, AreEmptyWhenTheyAreNotThere) {
  const auto profiles = read_profiles({{"HOME", directory_.path().string()}});
  ASSERT_TRUE(profiles) << profiles.error().message;
  EXPECT_FALSE(profiles->has("default"));
  EXPECT_TRUE(read_profiles({}));
}

TEST_F(ProfileFiles, KeepNestedSettingsApart) {
  const auto profiles = read(
      "[profile dev]\nservices = local\ns3 =\n  addressing_style = path\nregion = eu-west-1\n"
      "[services local]\ns3 =\n  endpoint_url = http://127.0.0.1:5055\nec2 = \n  endpoint_url = "
      "http://127.0.0.1:5056\n",
      "");
  ASSERT_TRUE(profiles) << profiles.error().message;
  EXPECT_EQ(profiles->setting("dev", "s3.addressing_style"), "path");
  EXPECT_EQ(profiles->setting("dev", "region"), "eu-west-1");
  EXPECT_EQ(profiles->services.at("local").at("ec2.endpoint_url"), "http://127.0.0.1:5056");
}

TEST_F(ProfileFiles, PreferTheCredentialsFile) {
  const auto profiles = read("[profile a]\nregion = config\n", "[a]\nregion = credentials\n");
  EXPECT_EQ(profiles->setting("a", "region"), "credentials");
}

TEST_F(ProfileFiles, NameTheLineThatCannotBeReadAndNotItsText) {
  const auto profiles = read("", "[default]\naws_access_key_id = AK\nwJalrXUtnFEMI-secret\n");
  ASSERT_FALSE(profiles);
  EXPECT_NE(profiles.error().message.find("credentials:3: "), std::string::npos) << profiles.error().message;
  EXPECT_EQ(profiles.error().message.find("wJalr"), std::string::npos);
}

TEST_F(ProfileFiles, WarnWhenOthersMayReadTheKeys) {
  EXPECT_TRUE(read("", "[default]\n", 0600)->warnings.empty());
  ASSERT_EQ(read("", "[default]\n", 0644)->warnings.size(), 1);
}

TEST(ProfileName, IsConfiguredOrOfTheEnvironmentOrDefault) {
  AwsOptions options;
  Environment environment;
  EXPECT_EQ(profile_name(options, environment), "default");
  environment["AWS_DEFAULT_PROFILE"] = "a";
  EXPECT_EQ(profile_name(options, environment), "a");
  environment["AWS_PROFILE"] = "b";
  EXPECT_EQ(profile_name(options, environment), "b");
  options.profile = "c";
  EXPECT_EQ(profile_name(options, environment), "c");
}

TEST(ReadEnvironment, HoldsWhatThisProcessWasGiven) {
  ASSERT_EQ(setenv("KEDGE_TEST_VARIABLE", "a=b", 1), 0);
  EXPECT_EQ(variable(read_environment(), "KEDGE_TEST_VARIABLE"), "a=b");
  unsetenv("KEDGE_TEST_VARIABLE");
}

}  // namespace
}  // namespace kedge
