// What the actions about a bucket share.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "aws/s3.h"
#include "plan/action_spec.h"
#include "remediate/action.h"

namespace kedge {

// The declaration of an action whose arguments are bucket, account and region.
ActionSpec bucket_action(std::string name, std::string summary);

// The bucket, reached as the plan says. When the plan names its account, every call asks S3 to refuse a bucket that
// belongs to another one by now.
S3Bucket bucket_of(AwsClient&, Context&, const nlohmann::json& args);

}  // namespace kedge
