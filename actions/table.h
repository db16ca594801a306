// All built-in actions, in one explicit table.
#pragma once

#include <memory>
#include <vector>

#include "aws/client.h"
#include "remediate/action.h"

namespace kedge {

// Borrows the client, which must outlive the actions.
std::vector<std::unique_ptr<Action>> built_in_actions(AwsClient& aws);

}  // namespace kedge
