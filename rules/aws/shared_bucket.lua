-- A bucket that an account outside of ours can use. Sharing with named accounts is often meant, and only people know
-- whom they meant: this rule tells them. The accounts that are known stand in lib/aws/known_accounts.json.
local s3 = require "aws.s3"
local known = require "aws.known_accounts"

local function strangers(event)
  local ids = { event.account }
  for _, id in ipairs(known.accounts) do table.insert(ids, id) end
  return get(s3.judge(event, ids), "strangers") or {}
end

rule "aws.s3.shared-bucket" {
  title = function(event)
    return "S3 bucket shared with " .. table.concat(strangers(event), ", ")
  end,
  severity = "medium",
  mode = "shadow",
  references = { "https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-walkthroughs-managing-access-example2.html" },

  on = {
    source = { "aws.s3" },
    detail = {
      eventName = { "CreateBucket", "PutBucketAcl", "PutBucketPolicy" },
      errorCode = { { exists = false } },
    },
  },

  when = function(event) return #strangers(event) > 0 end,
  target = s3.bucket_arn,
  respond = function() return { notify = { "security" } } end,
}
