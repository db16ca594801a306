-- A port is open that nobody knows, or another program holds a known one. What is behind it is for people to see.
rule "host.port-opened" {
  title = function(event)
    local holder = get(event, "detail.holder.executable")
    return event.detail.listener .. " was " .. event.detail.kind .. (holder and " by " .. holder or "")
  end,
  severity = function(event) return event.detail.severity end,
  mode = "enforce",  -- it only tells
  throttle = "15m",
  references = { "https://attack.mitre.org/techniques/T1571/" },

  on = {
    source = { "kedge.sensor" },
    ["detail-type"] = { "host.port" },
    detail = { kind = { "opened", "taken" } },
  },
  target = function(event) return "host:" .. event.detail.host end,
  respond = function() return { notify = { "security" } } end,
}
