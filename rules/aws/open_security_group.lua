-- A security group that lets the whole world in, on a port that is not meant for it (lib/aws/public_ports.json).
local ec2 = require "aws.ec2"
local ports = require "aws.public_ports"

local function meant_for_the_world(rule)
  if rule.protocol ~= "tcp" or rule.from ~= rule.to then return false end
  for _, port in ipairs(ports.tcp) do
    if rule.from == port then return true end
  end
  return false
end

rule "aws.ec2.open-security-group" {
  title = "Security group opened to the world",
  severity = "high",
  mode = "shadow",  -- see what it would revoke before it does
  references = { "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html" },

  on = {
    source = { "aws.ec2" },
    detail = {
      eventName = { "AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules" },
      errorCode = { { exists = false } },
    },
  },

  when = function(event) return #ec2.opened_rules(event, meant_for_the_world) > 0 end,
  target = ec2.group_arn,

  -- Exactly the rules that the event names: older rules of the group have their own decision. Where the event does not
  -- name them, people are told, and nothing is guessed.
  respond = function(event)
    local ids = {}
    for _, rule in ipairs(ec2.opened_rules(event, meant_for_the_world)) do table.insert(ids, rule.id) end
    if #ids == 0 then return { notify = { "security" } } end
    return {
      revert = {
        action.aws.ec2.revoke_security_group_rules {
          group = ec2.group_id(event), rules = ids, region = event.region, account = event.account,
        },
      },
      notify = { "security" },
    }
  end,
}
