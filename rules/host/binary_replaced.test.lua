local host = require "test.host"

local quarantine = action.host.quarantine {
  host = "web-1", lifeline = { "192.0.2.10:9092" }, management = { "192.0.2.0/28" },
}

test "a program of a host that has no golden image" {
  event = host.mutation("/usr/bin/ssh", "binary", "modified"),
  fires = true, target = "host:web-1/usr/bin/ssh", severity = "critical",
  title = "/usr/bin/ssh was modified by /usr/bin/cp",
  steps = { quarantine, action.host.capture_evidence { host = "web-1", paths = { "/usr/bin/ssh" } } },
}
test "a program of a tree that has one" {
  event = host.mutation("/srv/web/usr/bin/httpd", "binary", "modified", { root = "/srv/web" }),
  fires = true,
  steps = {
    quarantine,
    action.host.capture_evidence { host = "web-1", root = "web", paths = { "usr/bin/httpd" } },
    action.host.replace { host = "web-1", root = "web", made_after = "2026-03-04T05:06:07Z" },
  },
}
test "a program that anybody may run as root now" {
  event = host.mutation("/usr/bin/vim", "binary", "mode"),
  fires = true, title = "/usr/bin/vim was given another mode by /usr/bin/cp",
}
test "a library" { event = host.mutation("/usr/lib/x86_64-linux-gnu/libc.so.6", "library", "modified"), fires = true }
test "a kernel module" { event = host.auditbeat("/lib/modules/6.1/kernel/x.ko", "created"), fires = true }
test "as Falco tells it" {
  event = host.falco("Write below binary dir", "/usr/bin/ssh"), fires = true, target = "host:web-1/usr/bin/ssh",
  steps = { quarantine, action.host.capture_evidence { host = "web-1", paths = { "/usr/bin/ssh" } } },
}
test "as Wazuh tells it" { event = host.wazuh("/usr/bin/ssh", "modified"), fires = true }
test "as osquery tells it" { event = host.osquery("/usr/sbin/sshd", "UPDATED"), fires = true }
test "as auditd tells it" { event = host.auditd("/usr/bin/ssh", "renamed"), fires = true }
test "as Tetragon tells it" { event = host.tetragon("/usr/bin/ssh", 2), fires = true }
test "Falco saw that a program was read" {
  event = host.falco("Sensitive file opened for reading by non-trusted program", "/usr/bin/ssh"),
  fires = false, reason = "when",
}
test "configuration is another rule's" {
  event = host.mutation("/etc/hosts", "configuration", "modified"), fires = false, reason = "when",
}
test "an upgrade that holds what its package says" {
  event = host.told("host.upgraded", { package = "openssh-client", paths = { "/usr/bin/ssh" } }),
  fires = false, reason = "pattern",
}
