#include "app/host_functions.h"

#include "aws/public_access_json.h"

namespace kedge {

std::vector<HostFunction> host_functions() {
  return {{"aws.public_access", "judge",
           "what a bucket's policy, ACL or grants mean: {public, reasons, shared_with, strangers}",
           judge_public_access}};
}

}  // namespace kedge
