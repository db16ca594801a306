// aws.s3.restore_ownership_controls: object ownership is BucketOwnerEnforced, so that access control lists count no more.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html

#include "actions/aws/access.h"
#include "actions/aws/actions.h"
#include "aws/s3.h"

namespace kedge {
namespace {

using nlohmann::json;

constexpr const char* kEnforced = "BucketOwnerEnforced";

class RestoreOwnershipControls final : public Action {
 public:
  explicit RestoreOwnershipControls(AwsClient& aws) : aws_(aws) {
    spec_.name = "aws.s3.restore_ownership_controls";
    spec_.summary = "object ownership is BucketOwnerEnforced: access control lists are disabled";
    spec_.arguments = with_account_and_region({bucket_argument()});
    spec_.repetition = Repetition::absolute;
    spec_.mark = kMarkOfCalls;
    spec_.touches = bucket_keys;
    spec_.endpoint = [](const json& args) { return aws_endpoint("s3", args); };
    spec_.check = check_bucket_name;
  }

  const ActionSpec& spec() const override { return spec_; }

  ActionResult<Observation> observe(Context& context, const json& args) const override {
    const auto ownership = bucket(context, args).ownership();
    if (!ownership) return action_error(ownership.error());
    Observation seen;
    seen.holds = *ownership == kEnforced;
    seen.state = {{"object_ownership", *ownership ? json(**ownership) : json()}};
    seen.summary = *ownership ? "object ownership is " + **ownership : "there are no ownership controls";
    return seen;
  }

  ActionResult<Applied> apply(Context& context, const json& args, const Observation&) const override {
    return put(context, args, kEnforced);
  }

  ActionResult<Applied> undo(Context& context, const json& args, const json& before, const json&) const override {
    const json was = before.value("object_ownership", json());
    return put(context, args, was.is_string() ? std::optional(was.get<std::string>()) : std::nullopt);
  }

 private:
  S3Bucket bucket(Context& context, const json& args) const {
    return {aws_session(aws_, context, args), args.at("bucket").get<std::string>(), args.value("account", "")};
  }

  ActionResult<Applied> put(Context& context, const json& args, const std::optional<std::string>& wanted) const {
    const S3Bucket target = bucket(context, args);
    const auto written = wanted ? target.put_ownership(*wanted) : target.delete_ownership();
    if (!written) return action_error(written.error());
    const auto now = target.ownership();
    if (!now) return action_error(now.error());
    if (*now != wanted) return read_back_differs("object ownership");
    return Applied{{wanted ? "object ownership set to " + *wanted : "ownership controls removed"}};
  }

  AwsClient& aws_;
  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<Action> make_s3_restore_ownership_controls(AwsClient& aws) {
  return std::make_unique<RestoreOwnershipControls>(aws);
}

}  // namespace kedge
