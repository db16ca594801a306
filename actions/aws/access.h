// What the AWS actions share: from a Context to a session, and from AWS's errors to those of actions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "aws/client.h"
#include "plan/action_spec.h"
#include "remediate/action.h"

namespace kedge {

// "account" and "region", which every AWS action takes.
std::vector<ArgumentSpec> with_account_and_region(std::vector<ArgumentSpec> own);

// "service/account/region" of a call with these arguments: places and breakers are shared by all that call there.
Endpoint aws_endpoint(const std::string& service, const nlohmann::json& args);

AwsSession aws_session(AwsClient& client, Context& context, const nlohmann::json& args);

// The same, in the executor's words, with the permission that was missing where access was denied.
ActionError action_error(const AwsError& error);

// What was written is not what is there now: somebody else writes too, or the server does not keep what it takes.
ActionError read_back_differs(const std::string& what);

}  // namespace kedge
