// aws.s3.block_public_access: all four switches of the bucket's public access block are on.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html

#include "actions/aws/access.h"
#include "actions/aws/actions.h"
#include "aws/s3.h"

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

class BlockPublicAccess final : public Action {
 public:
  explicit BlockPublicAccess(AwsClient& aws) : aws_(aws) {
    spec_.name = "aws.s3.block_public_access";
    spec_.summary = "all four switches of the bucket's public access block are on";
    spec_.arguments = with_account_and_region({bucket_argument()});
    spec_.repetition = Repetition::absolute;
    spec_.mark = kMarkOfCalls;
    spec_.touches = bucket_keys;
    spec_.endpoint = [](const json& args) { return aws_endpoint("s3", args); };
    spec_.check = check_bucket_name;
  }

  const ActionSpec& spec() const override { return spec_; }

  ActionResult<Observation> observe(Context& context, const json& args) const override {
    const auto block = bucket(context, args).public_access_block();
    if (!block) return action_error(block.error());
    Observation seen;
    seen.holds = *block == PublicAccessBlock::all_on();
    seen.state = state_of(*block);
    seen.summary = !*block ? "there is no public access block" : seen.holds ? "all four are on" : "some are off";
    return seen;
  }

  ActionResult<Applied> apply(Context& context, const json& args, const Observation&) const override {
    return put(context, args, PublicAccessBlock::all_on(), "all four switches of the public access block turned on");
  }

  ActionResult<Applied> undo(Context& context, const json& args, const json& before, const json&) const override {
    return put(context, args, block_in(before), "the public access block put back as it was");
  }

 private:
  S3Bucket bucket(Context& context, const json& args) const {
    return {aws_session(aws_, context, args), args.at("bucket").get<std::string>(), args.value("account", "")};
  }

  ActionResult<Applied> put(Context& context, const json& args, const Block& wanted, const std::string& note) const {
    const S3Bucket target = bucket(context, args);
    const auto written = wanted ? target.put_public_access_block(*wanted) : target.delete_public_access_block();
    if (!written) return action_error(written.error());
    const auto now = target.public_access_block();
    if (!now) return action_error(now.error());
    if (*now != wanted) return read_back_differs("the public access block");
    return Applied{{note}};
  }

  AwsClient& aws_;
  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<Action> make_s3_block_public_access(AwsClient& aws) { return std::make_unique<BlockPublicAccess>(aws); }

}  // namespace kedge
