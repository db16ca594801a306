-- A bucket that everybody can read: by its ACL, by its policy, or because what overrode them was taken away.
local s3 = require "aws.s3"

-- What the event did. Whether the bucket is public is only known when it has been looked at, so only an event that shows
-- it says so.
local titles = {
  CreateBucket = "S3 bucket created with an ACL of its own",
  PutBucketAcl = "S3 bucket's ACL changed",
  PutBucketPolicy = "S3 bucket's policy changed",
  DeleteBucketPolicy = "S3 bucket's policy removed",
  PutBucketPublicAccessBlock = "S3 bucket's public access block weakened",
  DeleteBucketPublicAccessBlock = "S3 bucket's public access block removed",
  PutBucketOwnershipControls = "S3 bucket's ACLs given effect again",
  DeleteBucketOwnershipControls = "S3 bucket's ACLs given effect again",
}

rule "aws.s3.public-bucket" {
  title = function(event)
    if get(s3.judge(event), "public") then return "S3 bucket made public" end
    return titles[event.detail.eventName]
  end,
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
  --
  -- A block that was removed or weakened is put back on a private bucket too: that is the revert of this drift. A policy
  -- that was removed took no block away, so none is added: a private bucket is then left as it is.
  respond = function(event)
    local bucket = s3.bucket_arguments(event)
    local steps = { action.aws.s3.remove_public_grants(bucket) }
    if event.detail.eventName ~= "DeleteBucketPolicy" then
      table.insert(steps, action.aws.s3.block_public_access(bucket))
    end
    if event.detail.eventName:ends_with("BucketOwnershipControls") then
      table.insert(steps, action.aws.s3.restore_ownership_controls(bucket))
    end
    return { revert = steps, notify = { "security" } }
  end,
}
