local cloudtrail = require "test.cloudtrail"

local function made(id, network, from, to, more)
  local rule = {
    groupId = "sg-0123456789abcdef0", securityGroupRuleId = id, isEgress = false, ipProtocol = "tcp",
    fromPort = from, toPort = to or from,
  }
  rule[network:contains(":") and "cidrIpv6" or "cidrIpv4"] = network
  for field, value in pairs(more or {}) do rule[field] = value end
  return rule
end

local function authorize(...)
  return cloudtrail.record("ec2", "AuthorizeSecurityGroupIngress", { groupId = "sg-0123456789abcdef0" }, {
    responseElements = { _return = true, securityGroupRuleSet = { items = { ... } } },
  })
end

local function revoked(...)
  return {
    action.aws.ec2.revoke_security_group_rules {
      group = "sg-0123456789abcdef0", rules = { ... }, region = cloudtrail.region, account = cloudtrail.account,
    },
  }
end

test "SSH for the world" {
  event = authorize(made("sgr-a", "0.0.0.0/0", 22)),
  fires = true,
  target = "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-0123456789abcdef0",
  steps = revoked "sgr-a",
  severity = "high",
}
test "only the rules that are public go, and only those that this event names" {
  event = authorize(made("sgr-a", "10.0.0.0/8", 22), made("sgr-b", "::/0", 22), made("sgr-c", "203.0.113.9/32", 22),
                    made("sgr-d", "0.0.0.0/0", 3389)),
  fires = true,
  steps = revoked("sgr-b", "sgr-d"),
}
test "a network of everybody under another address" {
  event = authorize(made("sgr-a", "208.236.235.254/0", 22)),
  fires = true,
}
test "half of the world is the world" {
  event = authorize(made("sgr-a", "0.0.0.0/1", 22), made("sgr-b", "128.0.0.0/1", 22)),
  fires = true,
  steps = revoked("sgr-a", "sgr-b"),
}
test "every protocol" {
  event = authorize(made("sgr-a", "0.0.0.0/0", -1, -1, { ipProtocol = "-1" })),
  fires = true,
}
test "a range that only begins at a public port" { event = authorize(made("sgr-a", "0.0.0.0/0", 80, 8080)), fires = true }
test "UDP on a port that TCP may have open" {
  event = authorize(made("sgr-a", "0.0.0.0/0", 443, 443, { ipProtocol = "udp" })),
  fires = true,
}
test "a rule changed to let the world in" {
  event = cloudtrail.record("ec2", "ModifySecurityGroupRules", {
    ModifySecurityGroupRulesRequest = {
      GroupId = "sg-0123456789abcdef0",
      SecurityGroupRule = {
        SecurityGroupRuleId = "sgr-a",
        SecurityGroupRule = { IpProtocol = "tcp", FromPort = 22, ToPort = 22, CidrIpv4 = "0.0.0.0/0" },
      },
    },
  }),
  fires = true,
  steps = revoked "sgr-a",
}
test "where the event does not name the rules, people are told and nothing is guessed" {
  event = cloudtrail.record("ec2", "AuthorizeSecurityGroupIngress", {
    groupId = "sg-0123456789abcdef0",
    ipPermissions = {
      items = { { ipProtocol = "tcp", fromPort = 22, toPort = 22, ipRanges = { items = { { cidrIp = "0.0.0.0/0" } } } } },
    },
  }),
  fires = true,
  steps = {},
  notify = { "security" },
}
test "the flat shape of the request" {
  event = cloudtrail.record("ec2", "AuthorizeSecurityGroupIngress", {
    groupId = "sg-0123456789abcdef0", ipProtocol = "tcp", fromPort = 22, toPort = 22, cidrIp = "0.0.0.0/0",
  }),
  fires = true,
  steps = {},
}
test "a web server is meant for the world" {
  event = authorize(made("sgr-a", "0.0.0.0/0", 443), made("sgr-b", "::/0", 80)),
  fires = false,
  reason = "when",
}
test "a private network" { event = authorize(made("sgr-a", "10.0.0.0/8", 22)), fires = false, reason = "when" }
test "one host" { event = authorize(made("sgr-a", "203.0.113.9/32", 22)), fires = false, reason = "when" }
test "another group as the peer" {
  event = cloudtrail.record("ec2", "AuthorizeSecurityGroupIngress", { groupId = "sg-0123456789abcdef0" }, {
    responseElements = {
      securityGroupRuleSet = { items = { { securityGroupRuleId = "sgr-a", ipProtocol = "tcp", fromPort = 22, toPort = 22 } } },
    },
  }),
  fires = false,
  reason = "when",
}
test "a refused call" {
  event = cloudtrail.record("ec2", "AuthorizeSecurityGroupIngress", {
    groupId = "sg-0123456789abcdef0", cidrIp = "0.0.0.0/0", ipProtocol = "tcp", fromPort = 22, toPort = 22,
  }, { errorCode = "Client.UnauthorizedOperation" }),
  fires = false,
  reason = "pattern",
}
