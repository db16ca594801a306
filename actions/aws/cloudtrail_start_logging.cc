// aws.cloudtrail.start_logging: the trail records.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html
//
// A trail that is not there cannot be started: that is no end in which everything is well, but one for a person.

#include <fmt/format.h>

#include "actions/aws/access.h"
#include "actions/aws/actions.h"
#include "aws/cloudtrail.h"

namespace kedge {
namespace {

using nlohmann::json;

ActionError trail_error(const AwsError& error) {
  ActionError result = action_error(error);
  if (error.is("TrailNotFoundException")) {
    result.kind = ActionError::Kind::refused;
    result.message += "; it was deleted, or it is named in the wrong account or region: it must be made again";
  } else if (error.is("InvalidHomeRegionException")) {
    result.message += "; 'region' must be the trail's home region";
  }
  return result;
}

class StartLogging final : public Action {
 public:
  explicit StartLogging(AwsClient& aws) : aws_(aws) {
    spec_.name = "aws.cloudtrail.start_logging";
    spec_.summary = "the trail records";
    spec_.arguments = with_account_and_region(
        {{"trail", ArgumentType::string, true, false, "the trail's ARN, or its name in the region"}});
    spec_.repetition = Repetition::absolute;
    spec_.mark = kMarkOfCalls;
    spec_.touches = [](const json& args) { return std::vector<std::string>{arn_of(args)}; };
    spec_.endpoint = [](const json& args) { return aws_endpoint("cloudtrail", args); };
  }

  const ActionSpec& spec() const override { return spec_; }

  ActionResult<Observation> observe(Context& context, const json& args) const override {
    const auto status = trail(context, args).status();
    if (!status) return trail_error(status.error());
    Observation seen;
    seen.holds = status->is_logging;
    seen.state = {{"is_logging", status->is_logging}};
    seen.summary = status->is_logging ? "the trail records" : "the trail does not record";
    if (!status->latest_delivery_error.empty()) {
      seen.summary += fmt::format(" (its last delivery failed: {})", status->latest_delivery_error);
    }
    return seen;
  }

  ActionResult<Applied> apply(Context& context, const json& args, const Observation& now) const override {
    return set(context, args, true, now.state.at("is_logging").get<bool>());
  }

  ActionResult<Applied> undo(Context& context, const json& args, const json& before, const json& after) const override {
    return set(context, args, before.at("is_logging").get<bool>(), after.at("is_logging").get<bool>());
  }

 private:
  static std::string arn_of(const json& args) {
    const std::string name = args.value("trail", "");
    if (name.starts_with("arn:")) return name;
    return fmt::format("arn:aws:cloudtrail:{}:{}:trail/{}", args.value("region", ""), args.value("account", ""), name);
  }

  Trail trail(Context& context, const json& args) const {
    return {aws_session(aws_, context, args), args.at("trail").get<std::string>()};
  }

  ActionResult<Applied> set(Context& context, const json& args, bool wanted, bool now) const {
    const Trail target = trail(context, args);
    const auto written = wanted ? target.start_logging() : target.stop_logging();
    if (!written) return trail_error(written.error());
    const auto same = [](const TrailStatus& a, const TrailStatus& b) { return a.is_logging == b.is_logging; };
    return proven(target.status(), {wanted, ""}, {now, ""}, "whether the trail records",
                  wanted ? "logging started" : "logging stopped", same);
  }

  AwsClient& aws_;
  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<Action> make_cloudtrail_start_logging(AwsClient& aws) { return std::make_unique<StartLogging>(aws); }

}  // namespace kedge
