local host = require "test.host"

local function port(kind)
  return host.told("host.port", {
    kind = kind, listener = "tcp 0.0.0.0:4444", protocol = "tcp", address = "0.0.0.0", port = 4444, severity = "high",
    technique = "T1571", holder = { pid = 4711, executable = "/tmp/x", attribution = "best effort" },
  })
end

test "a port that nobody knows" {
  event = port("opened"),
  fires = true, target = "host:web-1", severity = "high", steps = {}, notify = { "security" },
  title = "tcp 0.0.0.0:4444 was opened by /tmp/x",
}
test "a known port is held by another program" { event = port("taken"), fires = true }
test "a port that was closed is no way in" { event = port("closed"), fires = false, reason = "pattern" }
