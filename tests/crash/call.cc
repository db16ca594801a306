#include "tests/crash/call.h"

#include <array>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace kedge {
namespace {

std::string between(const std::string& text, const std::string& before, const std::string& behind) {
  const size_t begin = text.find(before);
  if (begin == std::string::npos) return "";
  const size_t from = begin + before.size();
  return text.substr(from, text.find(behind, from) - from);
}

// The values of all fields of a form whose name begins so, in their order, separated by spaces.
std::string values_in(const std::string& form, const std::string& name) {
  std::string found;
  for (size_t from = 0; from < form.size();) {
    const size_t end = std::min(form.find('&', from), form.size());
    const std::string field = form.substr(from, end - from);
    if (field.starts_with(name)) found += (found.empty() ? "" : " ") + field.substr(field.find('=') + 1);
    from = end + 1;
  }
  return found;
}

bool only_reads(const std::string& action) {
  constexpr std::array<std::string_view, 4> kReading = {"Describe", "Get", "List", "Lookup"};
  for (const std::string_view beginning : kReading) {
    if (action.starts_with(beginning)) return true;
  }
  return action.starts_with("AssumeRole");
}

// Path style: "/reports?acl".
Call call_of_s3(const HttpReceiver::Request& request) {
  Call call;
  const size_t question = request.target.find('?');
  const std::string path = request.target.substr(0, question);
  std::string of = question == std::string::npos ? "" : request.target.substr(question + 1);
  of = of.substr(0, of.find_first_of("=&"));
  call.target = path.substr(1, path.find('/', 1) - 1);
  call.name = request.method + (of.empty() ? "" : " " + of);
  call.subject = call.target + " " + of;
  call.changes = request.method != "GET" && request.method != "HEAD";
  return call;
}

Call call_of_form(const std::string& form) {
  Call call;
  call.name = values_in(form, "Action=");
  call.target = values_in(form, "GroupId=");
  call.subject = call.target + " " + values_in(form, "SecurityGroupRuleId.");
  call.changes = !only_reads(call.name);
  return call;
}

// "X-Amz-Target: com.amazonaws....StartLogging"
Call call_of_json(const std::string& operation, const std::string& body) {
  Call call;
  call.name = operation.substr(operation.rfind('.') + 1);
  const Json document = Json::parse(body, nullptr, false);
  if (document.is_object()) call.target = document.value("Name", "");
  call.target = call.target.substr(call.target.rfind('/') + 1);
  call.subject = call.target + " logging";
  call.changes = !only_reads(call.name);
  return call;
}

}  // namespace

Call call_of(const HttpReceiver::Request& request) {
  const std::string operation = request.header("x-amz-target");
  const bool is_form = request.target == "/" && request.body.find("Action=") != std::string::npos;
  Call call = !operation.empty() ? call_of_json(operation, request.body)
              : is_form          ? call_of_form(request.body)
                                 : call_of_s3(request);
  call.mark = between(request.header("user-agent"), "(mark ", ")");
  return call;
}

}  // namespace kedge
