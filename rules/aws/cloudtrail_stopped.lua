-- CloudTrail was told to stop: what is done next would leave no trace.
local arn = require "aws.arn"

local function trail_name(event)
  local name = get(event, "detail.requestParameters.name")
  return type(name) == "string" and name ~= "" and name or error("the event names no trail")
end

-- The call takes a trail's name or its ARN. A name means the trail of the account and the region of the call.
local function trail_arn(event)
  local name = trail_name(event)
  if arn.is_arn(name) then return name end
  return arn.make("cloudtrail", event.region, event.account, "trail/" .. name)
end

rule "aws.cloudtrail.stopped" {
  title = "CloudTrail logging stopped",
  severity = "critical",
  mode = "enforce",
  references = { "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html" },

  on = {
    source = { "aws.cloudtrail" },
    detail = {
      eventName = { "StopLogging" },
      errorCode = { { exists = false } },
    },
  },

  target = trail_arn,

  -- Only the trail's home region starts it again.
  respond = function(event, target)
    local trail = arn.parse(target)
    return {
      revert = {
        action.aws.cloudtrail.start_logging { trail = target, region = trail.region, account = trail.account },
      },
      notify = { "security" },
    }
  end,
}
