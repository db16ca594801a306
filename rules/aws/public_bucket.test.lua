local cloudtrail = require "test.cloudtrail"

local ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
local ANY_ACCOUNT = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
local BUCKET = { bucket = "images", account = cloudtrail.account, region = cloudtrail.region }

local closed = {
  action.aws.s3.remove_public_grants(BUCKET),
  action.aws.s3.block_public_access(BUCKET),
}
local closed_and_owned = {
  closed[1], closed[2], action.aws.s3.restore_ownership_controls(BUCKET),
}

local function s3(name, parameters, more)
  local all = { bucketName = "images", Host = "images.s3.eu-west-1.amazonaws.com" }
  for field, value in pairs(parameters or {}) do all[field] = value end
  return cloudtrail.record("s3", name, all, more)
end

local function acl(...)
  return { AccessControlPolicy = { Owner = { ID = "0wner" }, AccessControlList = { Grant = ... } } }
end
local function group(uri) return { Grantee = { ["xsi:type"] = "Group", URI = uri }, Permission = "READ" } end
local owner = { Grantee = { ["xsi:type"] = "CanonicalUser", ID = "0wner" }, Permission = "FULL_CONTROL" }

local function policy(statement)
  return { policy = "", bucketPolicy = { Version = "2012-10-17", Statement = { statement } } }
end
local function allow(principal, condition)
  return {
    Effect = "Allow", Principal = principal, Action = "s3:GetObject", Resource = "arn:aws:s3:::images/*",
    Condition = condition,
  }
end

local function block(flags) return { publicAccessBlock = "", PublicAccessBlockConfiguration = flags } end

-- The ACL

test "a canned ACL for everybody" {
  event = s3("PutBucketAcl", { acl = "", ["x-amz-acl"] = "public-read" }),
  fires = true,
  title = "S3 bucket made public",
  target = "arn:aws:s3:::images",
  severity = "high",
  steps = closed,
  notify = { "security" },
}
test "a canned ACL shown as a list" {
  event = s3("PutBucketAcl", { acl = { "" }, ["x-amz-acl"] = { "authenticated-read" } }),
  fires = true,
}
test "one grant, to everybody, is an object" { event = s3("PutBucketAcl", acl(group(ALL_USERS))), fires = true }
test "one of several grants, to every account" {
  event = s3("PutBucketAcl", acl { owner, group(ANY_ACCOUNT) }),
  fires = true,
}
test "a grant in a header" {
  event = s3("PutBucketAcl", { ["x-amz-grant-read"] = 'uri="' .. ALL_USERS .. '"' }),
  fires = true,
}
test "an ACL that the event does not show" {
  event = s3("PutBucketAcl", { acl = "" }),
  fires = true,
  title = "S3 bucket's ACL changed",
}
test "the same through EventBridge" {
  event = cloudtrail.delivered(s3("PutBucketAcl", { ["x-amz-acl"] = "public-read" })),
  fires = true,
  target = "arn:aws:s3:::images",
}
test "a private ACL" {
  event = s3("PutBucketAcl", { ["x-amz-acl"] = { "private" } }),
  fires = false,
  reason = "when",
}
test "an ACL for the owner alone" { event = s3("PutBucketAcl", acl { owner }), fires = false, reason = "when" }
test "a refused call" {
  event = s3("PutBucketAcl", { ["x-amz-acl"] = "public-read" }, { errorCode = "AccessDenied" }),
  fires = false,
  reason = "pattern",
}

-- The policy

test "a policy for everybody" {
  event = s3("PutBucketPolicy", policy(allow("*"))),
  fires = true,
  title = "S3 bucket made public",
  steps = closed,
}
test "a policy for everybody whose condition restricts nothing" {
  event = s3("PutBucketPolicy", policy(allow({ AWS = "*" }, { Bool = { ["aws:SecureTransport"] = "true" } }))),
  fires = true,
}
test "a policy that the event does not show" { event = s3("PutBucketPolicy", { policy = "" }), fires = true }
test "a policy for one service" {
  event = s3("PutBucketPolicy", policy(allow { Service = "cloudtrail.amazonaws.com" })),
  fires = false,
  reason = "when",
}
test "a policy for one foreign account is shared, not public" {
  event = s3("PutBucketPolicy", policy(allow { AWS = "arn:aws:iam::444455556666:root" })),
  fires = false,
  reason = "when",
}
test "a policy for everybody from one network endpoint" {
  event = s3("PutBucketPolicy", policy(allow("*", { StringEquals = { ["aws:SourceVpce"] = "vpce-1a2b3c4d" } }))),
  fires = false,
  reason = "when",
}
test "a removed policy may have held a Deny; it held no block" {
  event = s3("DeleteBucketPolicy", { policy = "" }),
  fires = true,
  title = "S3 bucket's policy removed",
  steps = { closed[1] },
}

-- What overrides both

test "a removed public access block, whether or not the bucket is public without it" {
  event = s3("DeleteBucketPublicAccessBlock"),
  fires = true,
  title = "S3 bucket's public access block removed",
  steps = closed,
}
test "a weakened public access block: what is left out is off" {
  event = s3("PutBucketPublicAccessBlock",
             block { BlockPublicAcls = true, IgnorePublicAcls = true, BlockPublicPolicy = true }),
  fires = true,
  title = "S3 bucket's public access block weakened",
}
test "a full public access block" {
  event = s3("PutBucketPublicAccessBlock", block {
    BlockPublicAcls = true, IgnorePublicAcls = true, BlockPublicPolicy = true, RestrictPublicBuckets = true,
  }),
  fires = false,
  reason = "when",
}
test "ownership given to writers brings old ACLs back" {
  event = s3("PutBucketOwnershipControls", { OwnershipControls = { Rule = { ObjectOwnership = "ObjectWriter" } } }),
  fires = true,
  steps = closed_and_owned,
}
test "removed ownership controls" {
  event = s3("DeleteBucketOwnershipControls"),
  fires = true,
  steps = closed_and_owned,
}
test "enforced ownership" {
  event = s3("PutBucketOwnershipControls",
             { OwnershipControls = { Rule = { ObjectOwnership = "BucketOwnerEnforced" } } }),
  fires = false,
  reason = "when",
}

-- New buckets, and events that show little

test "a bucket made public from the start" {
  event = s3("CreateBucket", { ["x-amz-acl"] = "public-read-write" }),
  fires = true,
}
test "a new bucket is private by default" { event = s3("CreateBucket"), fires = false, reason = "when" }
test "a new bucket with a private ACL" {
  event = s3("CreateBucket", { ["x-amz-acl"] = "private" }),
  fires = false,
  reason = "when",
}
test "the bucket's name from its ARN" {
  event = cloudtrail.record("s3", "DeleteBucketPolicy", nil, {
    resources = { { type = "AWS::S3::Bucket", ARN = "arn:aws:s3:::images", accountId = cloudtrail.account } },
  }),
  fires = true,
  target = "arn:aws:s3:::images",
}
test "an event that names no bucket cannot be decided" {
  event = cloudtrail.record("s3", "DeleteBucketPolicy", nil),
  fails = "the event names no bucket",
}
test "a bucket in China" {
  event = s3("DeleteBucketPolicy", {}, { awsRegion = "cn-north-1" }),
  fires = true,
  target = "arn:aws-cn:s3:::images",
}
test "reading is none of its business" { event = s3("GetBucketAcl"), fires = false, reason = "pattern" }
