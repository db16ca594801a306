-- What CloudTrail's events about buckets show.
--
-- An event may leave out, or cut, what was sent. What it does not show is not known, and what is not known is never
-- called private: observe reads the bucket and says what is true.
local access = require "aws.public_access"
local arn = require "aws.arn"

local s3 = {}

local function parameters(event) return get(event, "detail.requestParameters") or {} end

-- CreateBucket's `resources` is empty; records of other calls may lack `requestParameters`.
function s3.bucket_name(event)
  local name = get(event, "detail.requestParameters.bucketName")
  if type(name) == "string" and name ~= "" then return name end
  for _, resource in ipairs(get(event, "detail.resources") or {}) do
    if get(resource, "type") == "AWS::S3::Bucket" and arn.is_arn(resource.ARN) then
      return arn.parse(resource.ARN).resource
    end
  end
  error("the event names no bucket")
end

-- Bucket ARNs have neither region nor account.
function s3.bucket_arn(event)
  return "arn:" .. arn.partition(event.region) .. ":s3:::" .. s3.bucket_name(event)
end

-- The arguments that every action on the event's bucket takes.
function s3.bucket_arguments(event)
  return { bucket = s3.bucket_name(event), account = event.account, region = event.region }
end

-- A header's value: CloudTrail shows it as a string or as a list of one.
local function header(value)
  if type(value) == "table" then value = value[1] end
  if type(value) == "string" and value ~= "" then return value end
end

local function grant_headers(event)
  local grants, found = {}, false
  for name, value in pairs(parameters(event)) do
    if name:starts_with("x-amz-grant-") and header(value) then
      grants[name] = header(value)
      found = true
    end
  end
  if found then return grants end
end

-- The XML body of PutBucketAcl. One grant is an object, more are a list.
local function acl_document(event)
  local document = parameters(event).AccessControlPolicy
  local grants = get(document, "AccessControlList.Grant")
  if type(grants) ~= "table" then return nil end
  for _, grant in ipairs(#grants > 0 and grants or { grants }) do
    if type(get(grant, "Grantee")) ~= "table" then return nil end
  end
  return document
end

local function policy_document(event)
  local policy = parameters(event).bucketPolicy
  if type(get(policy, "Statement")) == "table" then return policy end
end

-- What the event shows of who gets in: { public, reasons, shared_with, strangers }, or nil when it shows nothing of it.
-- `known`: ids of accounts, organisations and canonical users that are no strangers.
function s3.judge(event, known)
  local question = {
    policy = policy_document(event),
    acl = acl_document(event),
    canned_acl = header(parameters(event)["x-amz-acl"]),
    grants = grant_headers(event),
  }
  if not (question.policy or question.acl or question.canned_acl or question.grants) then return nil end
  question.known_accounts = known or {}
  return access.judge(question)
end

local function shown_private(event)
  local judgement = s3.judge(event)
  return judgement ~= nil and not judgement.public
end

-- A flag that is left out is off.
local function all_blocked(event)
  local block = parameters(event).PublicAccessBlockConfiguration
  for _, flag in ipairs { "BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets" } do
    if get(block, flag) ~= true then return false end
  end
  return true
end

local function owner_enforced(event)
  return get(parameters(event), "OwnershipControls.Rule.ObjectOwnership") == "BucketOwnerEnforced"
end

-- What makes a successful call certainly harmless. Calls that are not here never are: DeleteBucketPolicy may have removed
-- a Deny, and old grants come back to life when a block or ownership controls go.
local harmless = {
  CreateBucket = function(event) return s3.judge(event) == nil or shown_private(event) end,  -- private by default
  PutBucketAcl = shown_private,
  PutBucketPolicy = shown_private,
  PutBucketPublicAccessBlock = all_blocked,
  PutBucketOwnershipControls = owner_enforced,
}

function s3.certainly_private(event)
  local check = harmless[get(event, "detail.eventName")]
  return check ~= nil and check(event)
end

return s3
