local cloudtrail = require "test.cloudtrail"

test "a trail stopped by its name" {
  event = cloudtrail.record("cloudtrail", "StopLogging", { name = "audit" }),
  fires = true,
  target = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit",
  severity = "critical",
  steps = {
    action.aws.cloudtrail.start_logging {
      trail = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit", region = "eu-west-1", account = "111122223333",
    },
  },
}
test "a trail stopped by its ARN is started in its home region" {
  event = cloudtrail.record("cloudtrail", "StopLogging", {
    name = "arn:aws:cloudtrail:us-east-1:111122223333:trail/audit",
  }),
  fires = true,
  steps = {
    action.aws.cloudtrail.start_logging {
      trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/audit", region = "us-east-1", account = "111122223333",
    },
  },
}
test "a trail that was not there" {
  event = cloudtrail.record("cloudtrail", "StopLogging", { name = "audit" }, { errorCode = "TrailNotFoundException" }),
  fires = false,
  reason = "pattern",
}
test "starting a trail" {
  event = cloudtrail.record("cloudtrail", "StartLogging", { name = "audit" }),
  fires = false,
  reason = "pattern",
}
test "an event that names no trail cannot be decided" {
  event = cloudtrail.record("cloudtrail", "StopLogging", {}),
  fails = "the event names no trail",
}
