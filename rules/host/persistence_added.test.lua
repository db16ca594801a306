local host = require "test.host"

test "a unit of systemd" {
  event = host.mutation("/etc/systemd/system/x.service", "persistence", "created"),
  fires = true, target = "host:web-1/etc/systemd/system/x.service", severity = "high",
  steps = { action.host.capture_evidence { host = "web-1", paths = { "/etc/systemd/system/x.service" } } },
  notify = { "security" },
}
test "a key that lets somebody in" { event = host.osquery("/root/.ssh/authorized_keys", "CREATED"), fires = true }
test "a table of cron, as Wazuh tells it" { event = host.wazuh("/etc/cron.d/x", "added"), fires = true }
test "who may be root, as auditd tells it" { event = host.auditd("/etc/sudoers.d/x", "created-file"), fires = true }
test "a profile of a shell, as Tetragon tells it" { event = host.tetragon("/home/ann/.bashrc", 2), fires = true }
test "a program is another rule's" {
  event = host.mutation("/usr/bin/ssh", "binary", "modified"), fires = false, reason = "when",
}
