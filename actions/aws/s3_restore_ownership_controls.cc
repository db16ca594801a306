// aws.s3.restore_ownership_controls: object ownership is BucketOwnerEnforced, so that access control lists, the
// bucket's and its objects', count no more.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
//
// S3 refuses it while the bucket's list still grants others something: remove_public_grants goes first.

#include "actions/aws/access.h"
#include "actions/aws/actions.h"
#include "actions/aws/bucket.h"

namespace kedge {
namespace {

using nlohmann::json;
using Ownership = std::optional<std::string>;

constexpr const char* kEnforced = "BucketOwnerEnforced";

std::string summary_of(const Ownership& ownership) {
  return ownership ? "object ownership is " + *ownership : "there are no ownership controls";
}

Ownership ownership_in(const json& state) {
  const json value = state.value("object_ownership", json());
  return value.is_string() ? Ownership(value.get<std::string>()) : std::nullopt;
}

class RestoreOwnershipControls final : public Action {
 public:
  explicit RestoreOwnershipControls(AwsClient& aws)
      : aws_(aws),
        spec_(bucket_action("aws.s3.restore_ownership_controls",
                            "object ownership is BucketOwnerEnforced: access control lists are disabled")) {}

  const ActionSpec& spec() const override { return spec_; }

  ActionResult<Observation> observe(Context& context, const json& args) const override {
    const auto ownership = bucket_of(aws_, context, args).ownership();
    if (!ownership) return action_error(ownership.error());
    Observation seen;
    seen.holds = *ownership == kEnforced;
    seen.state = {{"object_ownership", *ownership ? json(**ownership) : json()}};
    seen.summary = summary_of(*ownership);
    return seen;
  }

  ActionResult<Applied> apply(Context& context, const json& args, const Observation& now) const override {
    return put(context, args, kEnforced, ownership_in(now.state));
  }

  ActionResult<Applied> undo(Context& context, const json& args, const json& before, const json& after) const override {
    return put(context, args, ownership_in(before), ownership_in(after));
  }

 private:
  // The read before the write is more than caution: a server that does not know the setting may take the write for the
  // creation of the bucket, and such a server does not answer the read with the right document.
  ActionResult<Applied> put(Context& context, const json& args, const Ownership& wanted, const Ownership& now) const {
    const S3Bucket bucket = bucket_of(aws_, context, args);
    const auto fresh = bucket.ownership();
    if (!fresh) return action_error(fresh.error());
    if (*fresh != now) return changed_meanwhile("object ownership");
    const auto written = wanted ? bucket.put_ownership(*wanted) : bucket.delete_ownership();
    if (!written) return refusal(written.error());
    return proven(bucket.ownership(), wanted, now, "object ownership", "now " + summary_of(wanted));
  }

  static ActionError refusal(const AwsError& error) {
    ActionError refused = action_error(error);
    if (error.is("InvalidBucketAclWithObjectOwnership")) {
      refused.message += "; the bucket's ACL still grants others something, which must go first";
    }
    return refused;
  }

  AwsClient& aws_;
  const ActionSpec spec_;
};

}  // namespace

std::unique_ptr<Action> make_s3_restore_ownership_controls(AwsClient& aws) {
  return std::make_unique<RestoreOwnershipControls>(aws);
}

}  // namespace kedge
