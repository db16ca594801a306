local host = require "test.host"

local quarantine = action.host.quarantine {
  host = "web-1", lifeline = { "192.0.2.10:9092" }, management = { "192.0.2.0/28" },
}

local function process(kind, severity)
  return host.told("host.process", {
    kind = kind, severity = severity, path = "/tmp/x.so", category = "process", techniques = { "T1574" }, processes = 1,
    processes_first = { { pid = 4711, executable = "/usr/sbin/nginx", command = "nginx: worker process" } },
  })
end

test "the loader's own list" {
  event = host.mutation("/etc/ld.so.preload", "loader", "created"),
  fires = true, target = "host:web-1/etc/ld.so.preload", severity = "critical",
  steps = { quarantine, action.host.capture_evidence { host = "web-1", paths = { "/etc/ld.so.preload" } } },
}
test "a library mapped from /tmp" {
  event = process("maps_from_open_place", "high"),
  fires = true, target = "host:web-1", title = "/usr/sbin/nginx maps from open place: /tmp/x.so",
  steps = { quarantine, action.host.capture_evidence { host = "web-1", paths = { "/tmp/x.so" } } },
}
test "a library that the loader puts into every program" {
  event = host.told("host.process", {
    kind = "preload_file", severity = "critical", path = "/etc/ld.so.preload", value = "/opt/x.so", category = "process",
    techniques = { "T1574.006" }, processes = 0, processes_first = {},
  }),
  fires = true, target = "host:web-1", severity = "critical",
  title = "/etc/ld.so.preload makes every program load /opt/x.so",
  steps = { quarantine, action.host.capture_evidence { host = "web-1", paths = { "/etc/ld.so.preload" } } },
}
test "code that libraries make in memory" {
  event = process("maps_memory", "low"), fires = false, reason = "pattern",
}
test "a process that is old after an upgrade" {
  event = host.told("host.needs_restart", { executables = { "/usr/sbin/nginx" } }), fires = false, reason = "pattern",
}
test "the loader's list, as Falco tells it" {
  event = host.falco("Modify Shared Object Preload", "/etc/ld.so.preload"), fires = true,
}
