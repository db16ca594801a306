-- A bucket that everybody can read: by its ACL, by its policy, or because what overrode them was taken away.
local s3 = require "aws.s3"

rule "aws.s3.public-bucket" {
  title = "S3 bucket made public",
  severity = "high",
  mode = "enforce",
  references = {
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
  },

  on = {
    source = { "aws.s3" },
    detail = {
      eventName = {
        "CreateBucket", "PutBucketAcl", "PutBucketPolicy", "DeleteBucketPolicy", "PutBucketPublicAccessBlock",
        "DeleteBucketPublicAccessBlock", "PutBucketOwnershipControls", "DeleteBucketOwnershipControls",
      },
      errorCode = { { exists = false } },  -- a refused call changed nothing
    },
  },

  -- An event only says "look here". What is certainly harmless is dropped; what is true, observe finds out.
  when = function(event) return not s3.certainly_private(event) end,

  target = s3.bucket_arn,

  -- The grants first: whoever has a grant of their own is never cut off by the block, and undo, which goes backwards,
  -- lifts the block before it restores what the block would refuse. The grants must also be gone before ownership
  -- controls can be restored, which S3 refuses while the ACL still lets others in.
  respond = function(event)
    local bucket = s3.bucket_arguments(event)
    local steps = { action.aws.s3.remove_public_grants(bucket), action.aws.s3.block_public_access(bucket) }
    if event.detail.eventName:ends_with("BucketOwnershipControls") then
      table.insert(steps, action.aws.s3.restore_ownership_controls(bucket))
    end
    return { revert = steps, notify = { "security" } }
  end,
}
