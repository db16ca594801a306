// The AWS actions, one file each. All borrow the client, which must outlive them.
#pragma once

#include <memory>

#include "aws/client.h"
#include "remediate/action.h"

namespace kedge {

std::unique_ptr<Action> make_s3_block_public_access(AwsClient&);
std::unique_ptr<Action> make_s3_remove_public_grants(AwsClient&);
std::unique_ptr<Action> make_s3_restore_ownership_controls(AwsClient&);
std::unique_ptr<Action> make_ec2_revoke_security_group_rules(AwsClient&);
std::unique_ptr<Action> make_cloudtrail_start_logging(AwsClient&);

}  // namespace kedge
