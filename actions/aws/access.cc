#include "actions/aws/access.h"

namespace kedge {

std::vector<ArgumentSpec> with_account_and_region(std::vector<ArgumentSpec> own) {
  own.push_back({"account", ArgumentType::string, false, false, "the account that owns it; the engine's own if not given"});
  own.push_back({"region", ArgumentType::string, false, false, "where it lies; the configured region if not given"});
  return own;
}

Endpoint aws_endpoint(const std::string& service, const nlohmann::json& args) {
  return {"aws." + service, args.value("account", ""), args.value("region", "")};
}

AwsSession aws_session(AwsClient& client, Context& context, const nlohmann::json& args) {
  return {client, context.http, args.value("account", ""), args.value("region", ""), context.agent};
}

ActionError action_error(const AwsError& error) {
  ActionError result;
  switch (error.outcome) {
    case AwsOutcome::retry: result.kind = ActionError::Kind::retry; break;
    case AwsOutcome::refused: result.kind = ActionError::Kind::refused; break;
    case AwsOutcome::gone: result.kind = ActionError::Kind::gone; break;
    case AwsOutcome::unknown: result.kind = ActionError::Kind::unknown; break;
  }
  result.code = error.code;
  result.message = error.message;
  result.retry_after = error.retry_after;
  return result;
}

ActionError read_back_differs(const std::string& what) {
  return {ActionError::Kind::unknown, "third_party_change",
          what + " read back is not what was written: somebody else changes it too, or the server does not keep it", {}};
}

}  // namespace kedge
