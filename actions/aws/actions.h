// The AWS actions, one file each, and what those about buckets share.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "aws/client.h"
#include "remediate/action.h"

namespace kedge {

std::unique_ptr<Action> make_s3_block_public_access(AwsClient&);
std::unique_ptr<Action> make_s3_remove_public_grants(AwsClient&);
std::unique_ptr<Action> make_s3_restore_ownership_controls(AwsClient&);
std::unique_ptr<Action> make_ec2_revoke_security_group_rules(AwsClient&);
std::unique_ptr<Action> make_cloudtrail_start_logging(AwsClient&);

inline constexpr const char* kMarkOfCalls =
    "the attempt's mark in the user agent of each call, and the request ids of the answers";

ArgumentSpec bucket_argument();
std::vector<std::string> bucket_keys(const nlohmann::json& args);       // the bucket's ARN
Result<void> check_bucket_name(const nlohmann::json& args);

}  // namespace kedge
