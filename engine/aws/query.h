// The query protocols (EC2's and the older one): a form is posted, XML comes back.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kedge {

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::string_view kFormType = "application/x-www-form-urlencoded; charset=utf-8";

// "Action=DescribeInstances&Version=2016-11-15&...", encoded.
std::string query_form(std::string_view action, std::string_view version, const QueryParameters&);

// "publicAccessBlock", "acl&versionId=a%2Bb": a parameter without a value has no "=".
std::string query_string(const QueryParameters&);

}  // namespace kedge
