local host = require "test.host"

test "a file below /etc" {
  event = host.mutation("/etc/nginx/nginx.conf", "configuration", "modified"),
  fires = true, target = "host:web-1/etc/nginx/nginx.conf", severity = "medium", steps = {}, notify = { "security" },
  title = "/etc/nginx/nginx.conf was modified by /usr/bin/cp",
}
test "as Wazuh tells it" {
  event = host.wazuh("/etc/hosts", "modified"), fires = true, target = "host:web-1/etc/hosts",
  title = "/etc/hosts was modified",
}
test "as osquery tells it" {
  event = host.osquery("/etc/hosts", "UPDATED"), fires = true, target = "host:web-1/etc/hosts",
}
test "as Auditbeat tells it" {
  event = host.auditbeat("/etc/hosts", "updated"), fires = true, target = "host:web-1/etc/hosts",
}
test "a program is another rule's" {
  event = host.mutation("/usr/bin/ssh", "binary", "modified"), fires = false, reason = "when",
}
test "what was only opened has not changed" {
  event = host.auditd("/etc/hosts", "opened-file"), fires = false, reason = "when",
}
test "what was read has not changed" {
  event = host.tetragon("/etc/hosts", 4), fires = false, reason = "when",
}
test "what is as it was again" {
  event = host.told("host.restored", { path = "/etc/hosts" }, "/etc/hosts"), fires = false, reason = "pattern",
}
