// aws.cloudtrail.start_logging: the trail records.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html

#include "actions/aws/access.h"
#include "actions/aws/actions.h"
#include "aws/cloudtrail.h"

namespace kedge {
namespace {

using nlohmann::json;

class StartLogging final : public Action {
 public:
  explicit StartLogging(AwsClient& aws) : aws_(aws) {
    spec_.name = "aws.cloudtrail.start_logging";
    spec_.summary = "the trail records";
    spec_.arguments = with_account_and_region(
        {{"trail", ArgumentType::string, true, false, "the trail's ARN, or its name in the region"}});
    spec_.repetition = Repetition::absolute;
    spec_.mark = kMarkOfCalls;
    spec_.touches = [](const json& args) { return std::vector<std::string>{args.value("trail", "")}; };
    spec_.endpoint = [](const json& args) { return aws_endpoint("cloudtrail", args); };
  }

  const ActionSpec& spec() const override { return spec_; }

  ActionResult<Observation> observe(Context& context, const json& args) const override {
    const auto status = trail(context, args).status();
    if (!status) return action_error(status.error());
    Observation seen;
    seen.holds = status->is_logging;
    seen.state = {{"is_logging", status->is_logging}};
    seen.summary = status->is_logging ? "the trail records" : "the trail does not record";
    return seen;
  }

  ActionResult<Applied> apply(Context& context, const json& args, const Observation&) const override {
    return set(context, args, true);
  }

  ActionResult<Applied> undo(Context& context, const json& args, const json& before, const json&) const override {
    return set(context, args, before.value("is_logging", true));
  }

 private:
  Trail trail(Context& context, const json& args) const {
    return {aws_session(aws_, context, args), args.at("trail").get<std::string>()};
  }

  ActionResult<Applied> set(Context& context, const json& args, bool logging) const {
    const Trail target = trail(context, args);
    const auto written = logging ? target.start_logging() : target.stop_logging();
    if (!written) return action_error(written.error());
    const auto now = target.status();
    if (!now) return action_error(now.error());
    if (now->is_logging != logging) return read_back_differs("whether the trail records");
    return Applied{{logging ? "logging started" : "logging stopped"}};
  }

  AwsClient& aws_;
  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<Action> make_cloudtrail_start_logging(AwsClient& aws) { return std::make_unique<StartLogging>(aws); }

}  // namespace kedge
