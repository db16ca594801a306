-- CloudTrail records for tests, as a trail writes them:
-- https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
local cloudtrail = {}

cloudtrail.account = "111122223333"
cloudtrail.region = "eu-west-1"

-- One successful call. `more` adds to the record, or replaces what stands in it.
function cloudtrail.record(service, name, parameters, more)
  local record = {
    eventVersion = "1.09",
    eventID = "5d0a1c4e-6a3f-4c9b-9d53-2f6f0f3c1b7a",
    eventTime = "2026-03-04T05:06:07Z",
    eventSource = service .. ".amazonaws.com",
    eventName = name,
    eventType = "AwsApiCall",
    eventCategory = "Management",
    awsRegion = cloudtrail.region,
    recipientAccountId = cloudtrail.account,
    requestID = "7Z2W4H9T1QK3M5NC",
    readOnly = false,
    sourceIPAddress = "198.51.100.7",
    userAgent = "[aws-cli/2.15.0]",
    userIdentity = {
      type = "IAMUser",
      arn = "arn:aws:iam::" .. cloudtrail.account .. ":user/alex",
      accountId = cloudtrail.account,
      userName = "alex",
    },
    requestParameters = parameters,
  }
  for field, value in pairs(more or {}) do record[field] = value end
  return record
end

-- The same as EventBridge delivers it.
function cloudtrail.delivered(record)
  return {
    version = "0",
    id = "c0ffee00-0000-4000-8000-000000000001",
    ["detail-type"] = "AWS API Call via CloudTrail",
    source = "aws." .. record.eventSource:split(".")[1],
    account = record.recipientAccountId,
    region = record.awsRegion,
    time = record.eventTime,
    resources = {},
    detail = record,
  }
end

return cloudtrail
