-- A configuration file of a host is not what it was. It may be meant: people look, and nothing is done to the host.
local change = require "host.change"

rule "host.configuration-changed" {
  title = change.title,
  severity = "medium",
  mode = "enforce",  -- it only tells
  throttle = "15m",
  references = { "https://attack.mitre.org/techniques/T1565/001/" },

  on = change.on,
  when = function(event) return change.is_of(event, { "configuration" }) end,
  target = change.target,
  respond = function() return { notify = { "security" } } end,
}
