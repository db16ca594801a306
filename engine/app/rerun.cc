#include "app/rerun.h"

#include "base/json.h"

namespace kedge {
namespace {

Result<std::string> text_of(const char* name, const Json& arguments) {
  const Json text = arguments.is_object() ? arguments.value(name, Json()) : Json();
  if (text.is_string() && !text.get<std::string>().empty()) return text.get<std::string>();
  return Error{ErrorCode::invalid, std::string("remediation.rerun: ") + name + ": must be a text that is not empty"};
}

}  // namespace

Result<Json> rerun(Rerunner& rerunner, const Json& arguments, const std::string& actor) {
  const auto id = text_of("id", arguments);
  if (!id) return id.error();
  const auto reason = text_of("reason", arguments);
  if (!reason) return reason.error();
  if (arguments.size() != 2) return Error{ErrorCode::invalid, "remediation.rerun: takes id and reason, and no more"};
  const auto done = rerunner.run(*id, actor, *reason);
  if (!done) return done.error();
  return Json{
      {"outcome", done->outcome}, {"redrive", done->redrive}, {"remediations", done->remediations}, {"why", done->why}};
}

}  // namespace kedge
