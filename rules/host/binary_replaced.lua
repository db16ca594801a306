-- A program, a library or what the machine boots is not what it was, and no package says so. On an immutable host that
-- means that it is compromised.
local change = require "host.change"
local response = require "host.response"

rule "host.binary-replaced" {
  title = change.title,
  severity = "critical",
  mode = "shadow",  -- fill lib/host/isolation.json, and see which hosts it would cut off, before it does
  references = { "https://attack.mitre.org/techniques/T1554/" },

  on = change.on,
  when = function(event) return change.is_of(event, { "binary", "library", "boot" }) end,
  target = change.target,
  respond = function(event) return response.isolate_and_replace(change.of(event), event) end,
}
