-- Amazon Resource Names: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE
-- https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
local arn = {}

-- The partition that a region belongs to.
function arn.partition(region)
  region = region or ""
  if region:starts_with("cn-") then return "aws-cn" end
  if region:starts_with("us-gov-") then return "aws-us-gov" end
  return "aws"
end

function arn.is_arn(text) return type(text) == "string" and text:starts_with("arn:") end

-- { partition, service, region, account, resource }; the resource may hold colons.
function arn.parse(text)
  local parts = text:split(":")
  if #parts < 6 or parts[1] ~= "arn" then error("'" .. text .. "' is not an ARN") end
  return {
    partition = parts[2],
    service = parts[3],
    region = parts[4],
    account = parts[5],
    resource = table.concat(parts, ":", 6),
  }
end

function arn.make(service, region, account, resource)
  return table.concat({ "arn", arn.partition(region), service, region, account, resource }, ":")
end

return arn
