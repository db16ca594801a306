// aws.s3.block_public_access: all four switches of the bucket's public access block are on.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html
//
// One call that can be taken back, and that closes every way to the bucket at once: lists, policies, objects, access
// points. It changes neither lists nor policies: what they grant comes back to life with the switches.

#include "actions/aws/access.h"
#include "actions/aws/actions.h"
#include "actions/aws/bucket.h"

namespace kedge {
namespace {

using nlohmann::json;
using Block = std::optional<PublicAccessBlock>;

json state_of(const Block& block) {
  if (!block) return {{"public_access_block", nullptr}};
  return {{"public_access_block",
           {{"block_public_acls", block->block_public_acls},
            {"ignore_public_acls", block->ignore_public_acls},
            {"block_public_policy", block->block_public_policy},
            {"restrict_public_buckets", block->restrict_public_buckets}}}};
}

Block block_in(const json& state) {
  const json block = state.value("public_access_block", json());
  if (!block.is_object()) return std::nullopt;
  return PublicAccessBlock{block.value("block_public_acls", false), block.value("ignore_public_acls", false),
                           block.value("block_public_policy", false), block.value("restrict_public_buckets", false)};
}

std::string summary_of(const Block& block) {
  if (!block) return "there is no public access block";
  if (*block == PublicAccessBlock::all_on()) return "all four switches are on";
  std::string off;
  const auto add = [&](bool on, const char* name) {
    if (!on) off += (off.empty() ? "" : ", ") + std::string(name);
  };
  add(block->block_public_acls, "BlockPublicAcls");
  add(block->ignore_public_acls, "IgnorePublicAcls");
  add(block->block_public_policy, "BlockPublicPolicy");
  add(block->restrict_public_buckets, "RestrictPublicBuckets");
  return "off: " + off;
}

class BlockPublicAccess final : public Action {
 public:
  explicit BlockPublicAccess(AwsClient& aws)
      : aws_(aws),
        spec_(bucket_action("aws.s3.block_public_access",
                            "all four switches of the bucket's public access block are on")) {}

  const ActionSpec& spec() const override { return spec_; }

  ActionResult<Observation> observe(Context& context, const json& args) const override {
    const auto block = bucket_of(aws_, context, args).public_access_block();
    if (!block) return action_error(block.error());
    Observation seen;
    seen.holds = *block == PublicAccessBlock::all_on();
    seen.state = state_of(*block);
    seen.summary = summary_of(*block);
    return seen;
  }

  ActionResult<Applied> apply(Context& context, const json& args, const Observation& now) const override {
    return put(context, args, PublicAccessBlock::all_on(), block_in(now.state));
  }

  ActionResult<Applied> undo(Context& context, const json& args, const json& before, const json& after) const override {
    return put(context, args, block_in(before), block_in(after));
  }

 private:
  // Absent switches are off for S3: all four are always written.
  ActionResult<Applied> put(Context& context, const json& args, const Block& wanted, const Block& now) const {
    const S3Bucket bucket = bucket_of(aws_, context, args);
    const auto fresh = bucket.public_access_block();
    if (!fresh) return action_error(fresh.error());
    if (*fresh != now) return changed_meanwhile("the public access block");
    const auto written = wanted ? bucket.put_public_access_block(*wanted) : bucket.delete_public_access_block();
    if (!written) return action_error(written.error());
    return proven(bucket.public_access_block(), wanted, now, "the public access block", "now " + summary_of(wanted));
  }

  AwsClient& aws_;
  const ActionSpec spec_;
};

}  // namespace

std::unique_ptr<Action> make_s3_block_public_access(AwsClient& aws) { return std::make_unique<BlockPublicAccess>(aws); }

}  // namespace kedge
