#include "actions/aws/bucket.h"

#include <algorithm>

#include "actions/aws/access.h"

namespace kedge {
namespace {

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html (older buckets may be freer: up to 255
// characters, upper case and "_").
Result<void> check_bucket_name(const nlohmann::json& args) {
  const std::string name = args.value("bucket", "");
  const bool allowed = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
  if (allowed && name.size() >= 3 && name.size() <= 255) return {};
  return Error{ErrorCode::invalid, "the argument 'bucket' must be the name of a bucket (not an ARN): '" + name + "'"};
}

}  // namespace

ActionSpec bucket_action(std::string name, std::string summary) {
  ActionSpec spec;
  spec.name = std::move(name);
  spec.summary = std::move(summary);
  spec.arguments = with_account_and_region({{"bucket", ArgumentType::string, true, false, "the bucket's name"}});
  spec.repetition = Repetition::absolute;
  spec.mark = kMarkOfCalls;
  spec.touches = [](const nlohmann::json& args) {
    return std::vector<std::string>{"arn:aws:s3:::" + args.value("bucket", "")};
  };
  spec.endpoint = [](const nlohmann::json& args) { return aws_endpoint("s3", args); };
  spec.check = check_bucket_name;
  return spec;
}

S3Bucket bucket_of(AwsClient& client, Context& context, const nlohmann::json& args) {
  return {aws_session(client, context, args), args.at("bucket").get<std::string>(), args.value("account", "")};
}

}  // namespace kedge
