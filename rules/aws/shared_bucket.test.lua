local cloudtrail = require "test.cloudtrail"

local function put_policy(...)
  return cloudtrail.record("s3", "PutBucketPolicy", {
    bucketName = "images",
    bucketPolicy = {
      Version = "2012-10-17",
      Statement = { { Effect = "Allow", Principal = ..., Action = "s3:GetObject", Resource = "arn:aws:s3:::images/*" } },
    },
  })
end

test "a policy for a foreign account" {
  event = put_policy { AWS = "arn:aws:iam::444455556666:root" },
  fires = true,
  target = "arn:aws:s3:::images",
  title = "S3 bucket shared with 444455556666",
  steps = {},
  notify = { "security" },
}
test "an ACL grant to somebody else" {
  event = cloudtrail.record("s3", "PutBucketAcl", { bucketName = "images", ["x-amz-grant-read"] = 'id="5tranger"' }),
  fires = true,
  title = "S3 bucket shared with 5tranger",
}
test "a policy for the bucket's own account" {
  event = put_policy { AWS = "arn:aws:iam::" .. cloudtrail.account .. ":role/reader" },
  fires = false,
  reason = "when",
}
test "a policy for a service" {
  event = put_policy { Service = "cloudtrail.amazonaws.com" },
  fires = false,
  reason = "when",
}
test "a private ACL" {
  event = cloudtrail.record("s3", "PutBucketAcl", { bucketName = "images", ["x-amz-acl"] = "private" }),
  fires = false,
  reason = "when",
}
test "an event that shows no policy" {
  event = cloudtrail.record("s3", "PutBucketPolicy", { bucketName = "images" }),
  fires = false,
  reason = "when",
}
