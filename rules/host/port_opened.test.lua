local host = require "test.host"

local function port(kind)
  return host.told("host.port", {
    kind = kind, listener = "tcp 0.0.0.0:4444", protocol = "tcp", address = "0.0.0.0", port = 4444, severity = "high",
    technique = "T1571", holder = { pid = 4711, executable = "/tmp/x", attribution = "best effort" },
  })
end

local function without(event, field)
  event[field] = nil
  return event
end

test "a port that nobody knows" {
  event = port("opened"),
  fires = true, target = "host:web-1", severity = "high", steps = {}, notify = { "security" },
  title = "tcp 0.0.0.0:4444 was opened by /tmp/x",
}
test "a known port is held by another program" { event = port("taken"), fires = true }
test "a port that was closed is no way in" { event = port("closed"), fires = false, reason = "pattern" }
test "as Tetragon tells it" {
  event = host.tetragon_listen("::", 80),
  fires = true, target = "host:web-1", severity = "high", title = "tcp [::]:80 was opened by /usr/sbin/nginx",
}
test "a port that only the host itself reaches" {
  event = host.tetragon_listen("127.0.0.1", 8080), fires = true, severity = "medium",
}
test "as osquery tells it" {
  event = host.osquery_listening("0.0.0.0", "4444"),
  fires = true, severity = "high", title = "tcp 0.0.0.0:4444 was opened",
}
test "a port that may be open anywhere" { event = host.tetragon_listen("0.0.0.0", 22), fires = false, reason = "when" }
test "a socket of Unix is no port" { event = host.osquery_listening("", "0"), fires = false, reason = "when" }
test "a port on a host that is not named" {
  event = without(host.tetragon_listen("0.0.0.0", 80), "node_name"), fires = false, reason = "when",
}
