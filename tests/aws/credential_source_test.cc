#include "aws/credential_source.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

// Everything that can be set up at once: taking one thing away at a time shows the order.
struct World {
  AwsOptions options;
  Environment environment;
  Profiles profiles;

  Result<CredentialSource> choose() const { return choose_source(options, environment, profiles); }
  std::string origin() const {
    const auto source = choose();
    return source ? source->origin : source.error().message;
  }
  template <class Kind>
  Kind chosen() const {
    const auto source = choose();
    EXPECT_TRUE(source) << source.error().message;
    const auto* kind = std::get_if<Kind>(&source->kind);
    EXPECT_NE(kind, nullptr) << source->origin;
    return kind == nullptr ? Kind{} : *kind;
  }
};

World everything() {
  World world;
  world.options.access_key_id = "CONFIG";
  world.options.secret_access_key = "s";
  world.environment = {{"AWS_ACCESS_KEY_ID", "ENV"}, {"AWS_SECRET_ACCESS_KEY", "s"},
                       {"AWS_SESSION_TOKEN", "t"},   {"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"},
                       {"AWS_ROLE_ARN", "arn:web"},  {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/creds"}};
  world.profiles.config["default"] = {{"role_arn", "arn:role"},
                                      {"credential_source", "Ec2InstanceMetadata"},
                                      {"credential_process", "/bin/give"},
                                      {"aws_access_key_id", "FILE2"},
                                      {"aws_secret_access_key", "s"}};
  world.profiles.credentials["default"] = {{"aws_access_key_id", "FILE1"}, {"aws_secret_access_key", "s"}};
  return world;
}

TEST(CredentialSource, IsTheFirstThatIsSetUp) {
  World world = everything();
  EXPECT_EQ(world.origin(), "aws.credentials");
  world.options = {};
  EXPECT_EQ(world.origin(), "the environment (AWS_ACCESS_KEY_ID)");
  world.environment.erase("AWS_ACCESS_KEY_ID");
  world.environment.erase("AWS_SECRET_ACCESS_KEY");
  EXPECT_EQ(world.origin(), "profile default: role_arn");
  world.profiles.config["default"].erase("role_arn");
  EXPECT_EQ(world.origin(), "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)");
  world.environment.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  EXPECT_EQ(world.origin(), "profile default of the shared credentials file");
  world.profiles.credentials.clear();
  EXPECT_EQ(world.origin(), "profile default: credential_process");
  world.profiles.config["default"].erase("credential_process");
  EXPECT_EQ(world.origin(), "profile default of the shared configuration file");
  world.profiles.config.clear();
  EXPECT_EQ(world.origin(), "the container's credentials");
  world.environment.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  EXPECT_EQ(world.origin(), "the instance's metadata service");
  world.environment["AWS_EC2_METADATA_DISABLED"] = "true";
  const auto nothing = world.choose();
  ASSERT_TRUE(nothing) << "whoever never asks AWS needs no credentials";
  ASSERT_TRUE(std::holds_alternative<NothingSetUp>(nothing->kind));
  EXPECT_EQ(std::get<NothingSetUp>(nothing->kind).looked_at,
            "aws.credentials, AWS_ACCESS_KEY_ID, profile default, AWS_WEB_IDENTITY_TOKEN_FILE, the container's "
            "credentials");
}

TEST(CredentialSource, SkipsTheEnvironmentsKeysForAProfileOfTheConfiguration) {
  World world = everything();
  world.options = {};
  world.options.profile = "default";
  EXPECT_EQ(world.origin(), "profile default: role_arn");
}

TEST(CredentialSource, FollowsSourceProfilesToTheirKeys) {
  World world;
  world.profiles.config["a"] = {
      {"role_arn", "arn:a"}, {"source_profile", "b"}, {"external_id", "x"}, {"role_session_name", "night"}};
  world.profiles.config["b"] = {{"role_arn", "arn:b"}, {"source_profile", "c"}};
  world.profiles.credentials["c"] = {{"aws_access_key_id", "AK"}, {"aws_secret_access_key", "s"}};
  world.options.profile = "a";
  const auto outer = world.chosen<RoleAssumed>();
  EXPECT_EQ(outer.role.role_arn, "arn:a");
  EXPECT_EQ(outer.role.external_id, "x");
  EXPECT_EQ(outer.role.session_name, "night");
  const auto& inner = std::get<RoleAssumed>(outer.base->kind);
  EXPECT_EQ(inner.role.role_arn, "arn:b");
  EXPECT_EQ(std::get<KeysGiven>(inner.base->kind).credentials.access_key_id, "AK");
}

TEST(CredentialSource, LetsAProfileAssumeItsRoleWithItsOwnKeys) {
  World world;
  world.profiles.config["a"] = {{"role_arn", "arn:a"}, {"source_profile", "a"}};
  world.profiles.credentials["a"] = {{"aws_access_key_id", "AK"}, {"aws_secret_access_key", "s"}};
  world.options.profile = "a";
  EXPECT_EQ(std::get<KeysGiven>(world.chosen<RoleAssumed>().base->kind).credentials.access_key_id, "AK");
}

TEST(CredentialSource, TakesTheBaseOfARoleFromItsSurroundings) {
  World world;
  world.environment = {{"AWS_PROFILE", "a"}, {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1"}};
  world.profiles.config["a"] = {{"role_arn", "arn:a"}, {"credential_source", "EcsContainer"}};
  EXPECT_EQ(std::get<ContainerAgent>(world.chosen<RoleAssumed>().base->kind).url, "http://169.254.170.23/v1");
}

TEST(CredentialSource, ReadsWebIdentityFromAProfileToo) {
  World world;
  world.environment = {{"AWS_PROFILE", "a"}};
  world.profiles.config["a"] = {{"role_arn", "arn:a"}, {"web_identity_token_file", "/t"}};
  EXPECT_EQ(world.chosen<WebIdentity>().token_file, "/t");
}

TEST(CredentialSource, SaysWhatIsHalfSetUp) {
  struct Row {
    Environment environment;
    std::map<std::string, ProfileSection> config;
    std::string error;
  };
  const Row rows[] = {
      {{{"AWS_ACCESS_KEY_ID", "AK"}}, {}, "the environment (AWS_ACCESS_KEY_ID): an access key id without its secret"},
      {{{"AWS_SECRET_ACCESS_KEY", "s"}}, {}, "the environment (AWS_ACCESS_KEY_ID): a secret access key without its id"},
      {{{"AWS_PROFILE", "x"}},
       {},
       "AWS_PROFILE: profile x is neither in the shared configuration file nor in the credentials file: mend the name, "
       "or add it to ~/.aws/config"},
      {{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}}, {}, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but not AWS_ROLE_ARN"},
      {{},
       {{"default", {{"role_arn", "arn:a"}}}},
       "profile default: role_arn needs either source_profile or credential_source"},
      {{},
       {{"default", {{"role_arn", "arn:a"}, {"source_profile", "b"}}}},
       "profile default: source_profile b is not there"},
      {{},
       {{"default", {{"role_arn", "arn:a"}, {"source_profile", "b"}}},
        {"b", {{"role_arn", "arn:b"}, {"source_profile", "default"}}}},
       "profile default: source_profile leads back to itself"},
      {{},
       {{"default", {{"role_arn", "arn:a"}, {"credential_source", "Moon"}}}},
       "profile default: credential_source must be Environment, EcsContainer or Ec2InstanceMetadata, not \"Moon\""},
      {{},
       {{"default", {{"role_arn", "arn:a"}, {"credential_source", "Environment"}}}},
       "profile default: no credentials in Environment"},
      {{},
       {{"default", {{"role_arn", "a"}, {"mfa_serial", "m"}, {"source_profile", "default"}}}},
       "profile default: mfa_serial needs somebody to type a code; use a role without it"},
  };
  for (const Row& row : rows) {
    World world{{}, row.environment, {}};
    world.profiles.config = row.config;
    EXPECT_EQ(world.origin(), row.error);
  }
}

// The agent is sent our authorization token.
TEST(CredentialSource, TrustsOnlyAgentsOfThisMachineOrWithTls) {
  for (const char* good : {"http://169.254.170.2/x", "http://169.254.170.23/x", "http://[fd00:ec2::23]/x",
                           "http://127.0.0.1:8080/x", "http://localhost/x", "https://agent.example/x"}) {
    World world{{}, {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", good}}, {}};
    EXPECT_EQ(world.origin(), "the container's credentials") << good;
  }
  for (const char* bad : {"http://evil.example/x", "http://169.254.169.254/x", "http://127.0.0.1.evil.example/", "x"}) {
    World world{{}, {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", bad}}, {}};
    EXPECT_EQ(world.choose().error().code, ErrorCode::invalid) << bad;
  }
}

}  // namespace
}  // namespace kedge
