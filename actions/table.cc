#include "actions/table.h"

#include "actions/aws/actions.h"
#include "actions/host/actions.h"

namespace kedge {

std::vector<std::unique_ptr<Action>> built_in_actions(AwsClient& aws) {
  std::vector<std::unique_ptr<Action>> actions;
  actions.push_back(make_s3_block_public_access(aws));
  actions.push_back(make_s3_remove_public_grants(aws));
  actions.push_back(make_s3_restore_ownership_controls(aws));
  actions.push_back(make_ec2_revoke_security_group_rules(aws));
  actions.push_back(make_cloudtrail_start_logging(aws));
  actions.push_back(make_host_quarantine());
  actions.push_back(make_host_capture_evidence());
  actions.push_back(make_host_replace());
  return actions;
}

}  // namespace kedge
