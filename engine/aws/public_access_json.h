// The same evaluator for those who have documents rather than bytes: rules ask about what an event shows.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"

namespace kedge {

// The question is an object with any of:
//
//   policy          a policy, as an object or as its text
//   acl             an AccessControlPolicy, as S3's XML has it and CloudTrail shows it ({Owner, AccessControlList})
//   canned_acl      the value of x-amz-acl, or a list of one
//   grants          {"x-amz-grant-read": "uri=\"...\", id=\"...\"", ...}
//   known_accounts  a list of account, organisation and canonical ids
//
// null counts as absent. The answer: {"public": bool, "reasons": [text], "shared_with": [id], "strangers": [id]}, where
// strangers are those of shared_with that are not known. An error means that nothing can be said.
Result<nlohmann::json> judge_public_access(const nlohmann::json& question);

}  // namespace kedge
