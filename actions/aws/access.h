// What the AWS actions share: from a Context to a session, from AWS's errors to those of actions, and what proves a
// write.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "aws/client.h"
#include "plan/action_spec.h"
#include "remediate/action.h"

namespace kedge {

// How our own change is recognised when it comes back as an event; the same for all of them.
inline constexpr const char* kMarkOfCalls =
    "the attempt's mark in the user agent of each call, and the request ids of the answers";

// "account" and "region", which every AWS action takes.
std::vector<ArgumentSpec> with_account_and_region(std::vector<ArgumentSpec> own);

// "service/account/region" of a call with these arguments: places and breakers are shared by all that call there.
Endpoint aws_endpoint(const std::string& service, const nlohmann::json& args);

AwsSession aws_session(AwsClient& client, Context& context, const nlohmann::json& args);

// The same, in the executor's words. Where access was denied the message names the permission that the call needs.
ActionError action_error(const AwsError& error);

// What a write has come to, by what was read back. Not to be seen yet is no error: the executor looks again. `same`
// compares two values; `what` names the setting.
template <class T, class Same>
ActionResult<Applied> proven(const AwsResult<T>& read_back, const T& sent, const T& before, const std::string& what,
                             const std::string& note, Same same) {
  if (!read_back) {
    ActionError error = action_error(read_back.error());
    if (error.kind != ActionError::Kind::gone) error.kind = ActionError::Kind::unknown;
    error.message = what + " was written, but could not be read back: " + error.message;
    return error;
  }
  if (same(*read_back, sent)) return Applied{{note}};
  if (same(*read_back, before)) return Applied{{note + " (not to be seen yet)"}};
  return ActionError{ActionError::Kind::unknown,
                     "third_party_change",
                     what + " is neither what was written nor what was there: somebody else changes it too",
                     {}};
}

// The same by ==.
template <class T>
ActionResult<Applied> proven(const AwsResult<T>& read_back, const T& sent, const T& before, const std::string& what,
                             const std::string& note) {
  return proven(read_back, sent, before, what, note, [](const T& a, const T& b) { return a == b; });
}

// The world is no longer as it was observed for this attempt. Nothing was written.
ActionError changed_meanwhile(const std::string& what);

}  // namespace kedge
