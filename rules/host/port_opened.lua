-- A port is open that nobody knows, or another program holds a known one. What is behind it is for people to see.
local port = require "host.port"

rule "host.port-opened" {
  title = function(event)
    local found = port.of(event)
    return found.listener .. " was " .. found.kind .. (found.by and " by " .. found.by or "")
  end,
  severity = function(event) return port.of(event).severity end,
  mode = "enforce",  -- it only tells
  throttle = "15m",
  references = { "https://attack.mitre.org/techniques/T1571/" },

  on = port.on,
  when = function(event) return port.of(event) ~= nil end,
  target = function(event) return "host:" .. port.of(event).host end,
  respond = function() return { notify = { "security" } } end,
}
