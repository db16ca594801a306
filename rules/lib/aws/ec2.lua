-- What CloudTrail's events about security groups show.
local arn = require "aws.arn"

local ec2 = {}

local function as_list(value)
  if type(value) ~= "table" then return {} end
  return #value > 0 and value or { value }
end

-- Lists in EC2's events are { items = { ... } }.
local function items(value) return get(value, "items") or {} end

-- Open to the world: a network so broad that it is nobody's. Networks are compared by their prefix, not as texts:
-- "208.236.235.254/0" is everybody, and so are 0.0.0.0/1 with 128.0.0.0/1.
local function is_world(text)
  if type(text) ~= "string" or text == "" then return false end
  local network = cidr.parse(text)
  if not network then error("'" .. text .. "' is not a network") end
  return network.prefix < (network.version == 4 and 8 or 32)
end

local function world_rule(id, protocol, from, to, ...)
  for _, network in ipairs { ... } do
    if is_world(network) then
      return { id = id, protocol = tostring(protocol), from = from, to = to, network = network }
    end
  end
end

-- The answer of AuthorizeSecurityGroupIngress names each rule that it made.
local function from_response(event, add)
  for _, item in ipairs(items(get(event, "detail.responseElements.securityGroupRuleSet"))) do
    if not item.isEgress then
      add(world_rule(item.securityGroupRuleId, item.ipProtocol, item.fromPort, item.toPort, item.cidrIpv4 or "", item.cidrIpv6 or ""))
    end
  end
end

-- ModifySecurityGroupRules names the rules in its request. It does not say whether they are ingress: the action looks.
local function from_modification(event, add)
  for _, item in ipairs(as_list(get(event, "detail.requestParameters.ModifySecurityGroupRulesRequest.SecurityGroupRule"))) do
    local changed = get(item, "SecurityGroupRule") or {}
    add(world_rule(item.SecurityGroupRuleId, changed.IpProtocol, changed.FromPort, changed.ToPort, changed.CidrIpv4 or "",
             changed.CidrIpv6 or ""))
  end
end

-- The request, in its two shapes; it names no rules, since they are not made yet.
local function from_request(event, add)
  local request = get(event, "detail.requestParameters") or {}
  add(world_rule(nil, request.ipProtocol, request.fromPort, request.toPort, request.cidrIp or ""))
  for _, permission in ipairs(items(request.ipPermissions)) do
    for _, range in ipairs(items(permission.ipRanges)) do
      add(world_rule(nil, permission.ipProtocol, permission.fromPort, permission.toPort, range.cidrIp or ""))
    end
    for _, range in ipairs(items(permission.ipv6Ranges)) do
      add(world_rule(nil, permission.ipProtocol, permission.fromPort, permission.toPort, range.cidrIpv6 or ""))
    end
  end
end

-- The rules that the event opens to the world: { id, protocol, from, to, network }. `allowed(rule)` leaves some out.
-- The id is nil where the event does not name the rule.
function ec2.opened_rules(event, allowed)
  local opened = {}
  local function add(found)
    if found and not allowed(found) then table.insert(opened, found) end
  end
  from_response(event, add)
  from_modification(event, add)
  if #opened == 0 and get(event, "detail.responseElements.securityGroupRuleSet") == nil then from_request(event, add) end
  return opened
end

function ec2.group_id(event)
  local id = get(event, "detail.requestParameters.groupId")
             or get(event, "detail.requestParameters.ModifySecurityGroupRulesRequest.GroupId")
  for _, item in ipairs(items(get(event, "detail.responseElements.securityGroupRuleSet"))) do
    id = id or item.groupId
  end
  return id or error("the event names no security group")
end

function ec2.group_arn(event)
  return arn.make("ec2", event.region, event.account, "security-group/" .. ec2.group_id(event))
end

return ec2
