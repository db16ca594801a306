-- Events of hosts for tests, as kedge's sensor and others write them.
local host = {}

-- A mutation of a file. `more` adds to the data, or replaces what stands in it.
function host.mutation(path, category, kind, more)
  local data = {
    host = "web-1", root = "/", path = path, kind = kind, kinds = { kind }, category = category, severity = "high",
    techniques = { "T1554" }, found_by = "watch",
    actor = { pid = 4711, executable = "/usr/bin/cp", attribution = "best effort" },
  }
  for field, value in pairs(more or {}) do data[field] = value end
  return host.told("host.mutation", data, path)
end

-- Anything else that the sensor tells.
function host.told(type, data, path)
  data.host = data.host or "web-1"
  return {
    specversion = "1.0", id = "01a1fe25-dad4-7e76-b79f-9f4ca3a7006e", source = "kedge.sensor", type = type,
    subject = "host:" .. data.host .. (path or ""), time = "2026-03-04T05:06:07Z", data = data,
  }
end

function host.falco(rule, path)
  return {
    hostname = "web-1", rule = rule, priority = "Error", output = rule, time = "2026-03-04T05:06:07.123456789Z",
    output_fields = { ["fd.name"] = path, ["proc.exepath"] = "/usr/bin/cp", ["user.name"] = "root" },
  }
end

function host.wazuh(path, event)
  return {
    timestamp = "2026-03-04T05:06:07.123+0000", id = "1772600767.4711", manager = { name = "siem" },
    rule = { level = 7, id = "550", description = "Integrity checksum changed." },
    agent = { id = "003", name = "web-1" }, decoder = { name = "syscheck_integrity_changed" },
    syscheck = { path = path, event = event },
  }
end

function host.osquery(path, action)
  return {
    name = "pack_fim_file_events", hostIdentifier = "web-1", unixTime = 1772600767, action = "added",
    columns = { target_path = path, action = action },
  }
end

function host.auditbeat(path, action)
  return {
    ["@timestamp"] = "2026-03-04T05:06:07.123Z", event = { module = "file_integrity", action = { action } },
    host = { name = "web-1" }, file = { path = path },
  }
end

function host.auditd(path, action)
  return {
    ["@timestamp"] = "2026-03-04T05:06:07.123Z", sequence = 42, record_type = "syscall", host = { name = "web-1" },
    summary = { action = action, object = { type = "file", primary = path }, how = "/usr/bin/cp" },
  }
end

function host.tetragon(path, access)
  return {
    process_kprobe = {
      process = { binary = "/usr/bin/cp" }, function_name = "security_file_permission",
      args = { { file_arg = { path = path } }, { int_arg = access } },
    },
    node_name = "web-1", time = "2026-03-04T05:06:07.123456789Z",
  }
end

function host.tetragon_listen(address, port)
  return {
    process_listen = { process = { binary = "/usr/sbin/nginx" }, ip = address, port = port, protocol = "TCP" },
    node_name = "web-1", time = "2026-03-04T05:06:07.123456789Z",
  }
end

function host.osquery_listening(address, port)
  return {
    name = "pack_network_listening_ports", hostIdentifier = "web-1", unixTime = 1772600767, action = "added",
    columns = { pid = "4711", protocol = port == "0" and "0" or "6", address = address, port = port },
  }
end

return host
