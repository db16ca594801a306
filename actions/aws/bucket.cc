#include <algorithm>

#include "actions/aws/actions.h"

namespace kedge {

ArgumentSpec bucket_argument() { return {"bucket", ArgumentType::string, true, false, "the bucket's name"}; }

std::vector<std::string> bucket_keys(const nlohmann::json& args) {
  return {"arn:aws:s3:::" + args.value("bucket", "")};
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html (older buckets may be freer: up to 255
// characters, upper case and "_").
Result<void> check_bucket_name(const nlohmann::json& args) {
  const std::string name = args.value("bucket", "");
  const bool allowed = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
  if (allowed && name.size() >= 3 && name.size() <= 255) return {};
  return Error{ErrorCode::invalid, "the argument 'bucket' must be the name of a bucket (not an ARN): '" + name + "'"};
}

}  // namespace kedge
