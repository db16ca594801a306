#include "actions/aws/access.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace kedge {
namespace {

constexpr std::array<std::string_view, 5> kDenied = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation",
                                                     "AllAccessDisabled", "HTTP 403"};
// By then the signing time has been corrected by the answer's own, where that had one.
constexpr std::array<std::string_view, 3> kClock = {"RequestTimeTooSkewed", "RequestInTheFuture", "RequestExpired"};
constexpr std::array<std::string_view, 4> kUnknownKey = {"InvalidAccessKeyId", "InvalidClientTokenId",
                                                         "UnrecognizedClientException", "AuthFailure"};
constexpr std::array<std::string_view, 2> kWrongSecret = {"SignatureDoesNotMatch", "InvalidSignatureException"};
constexpr std::array<std::string_view, 4> kUnsupported = {"NotImplemented", "MethodNotAllowed", "HTTP 405", "HTTP 501"};

// Permissions that are not called as the operation is.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
struct Permission {
  std::string_view operation, permission;
};
constexpr std::array kPermissions = {
    Permission{"GetPublicAccessBlock", "GetBucketPublicAccessBlock"},
    Permission{"PutPublicAccessBlock", "PutBucketPublicAccessBlock"},
    Permission{"DeletePublicAccessBlock", "PutBucketPublicAccessBlock"},
    Permission{"DeleteBucketOwnershipControls", "PutBucketOwnershipControls"},
};

template <class List>
bool among(const List& list, std::string_view code) {
  return std::find(list.begin(), list.end(), code) != list.end();
}

// Messages of calls begin with "service Operation: ".
std::string permission_in(const std::string& message) {
  const size_t space = message.find(' ');
  const size_t colon = message.find(':');
  if (space == std::string::npos || colon == std::string::npos || space > colon) return "";
  const std::string_view operation = std::string_view(message).substr(space + 1, colon - space - 1);
  const auto* const named = std::find_if(kPermissions.begin(), kPermissions.end(),
                                         [&](const Permission& one) { return one.operation == operation; });
  return message.substr(0, space) + ":" + std::string(named == kPermissions.end() ? operation : named->permission);
}

std::string advice_for(const AwsError& error) {
  if (among(kUnsupported, error.code)) return "; this server does not have that call";
  if (among(kClock, error.code)) {
    return "; this machine's clock is wrong by more than AWS allows: set it (timedatectl set-ntp true), and see that "
           "nothing between here and AWS changes the Date of answers";
  }
  if (among(kUnknownKey, error.code)) return "; AWS does not know the access key: is it active, and of this partition?";
  if (among(kWrongSecret, error.code)) {
    return "; the secret access key is not that of the access key id, or this machine's clock is wrong";
  }
  if (!among(kDenied, error.code)) return "";
  const std::string permission = permission_in(error.message);
  return (permission.empty() ? "" : "; it needs the permission " + permission) +
         ", for a resource of the account that the plan names, and no policy of the organization against it";
}

ActionError::Kind kind_of(AwsOutcome outcome) {
  switch (outcome) {
    case AwsOutcome::retry:
      return ActionError::Kind::retry;
    case AwsOutcome::refused:
      return ActionError::Kind::refused;
    case AwsOutcome::gone:
      return ActionError::Kind::gone;
    case AwsOutcome::unknown:
      break;
  }
  return ActionError::Kind::unknown;
}

}  // namespace

std::vector<ArgumentSpec> with_account_and_region(std::vector<ArgumentSpec> own) {
  own.push_back(
      {"account", ArgumentType::string, false, false, "the account that owns it; the engine's own if not given"});
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
  return {kind_of(error.outcome), error.code, error.message + advice_for(error), error.retry_after,
          is_throttling(error.code)};
}

ActionError changed_meanwhile(const std::string& what) {
  return {ActionError::Kind::retry, "changed_meanwhile", what + " was changed since it was observed", {}};
}

}  // namespace kedge
