-- A port that was opened on a host, whichever sensor tells of it.
--
-- port.on is the pattern of all that may be one; port.of(event) is { host, listener, kind, by, severity }, or nil for what
-- is none. kedge's own sensor tells only of ports that it does not know. The others tell of all: those in
-- host/known_ports.json, written as the sensor's own list is (tcp/22), are left out.
local name = require "host.name"
local known = require "host.known_ports"

local port = {}

local function listener(protocol, address, number)
  address = string.contains(address, ":") and "[" .. address .. "]" or address
  return protocol .. " " .. address .. ":" .. number
end

local function is_known(protocol, number)
  for _, one in ipairs(known.ports) do
    if one == protocol .. "/" .. number then return true end
  end
  return false
end

local function is_loopback(address) return string.starts_with(address, "127.") or address == "::1" end

local function opened(protocol, address, number, by)
  if number == "0" or is_known(protocol, number) then return nil end
  return {
    listener = listener(protocol, address, number), kind = "opened", by = by,
    severity = is_loopback(address) and "medium" or "high",
  }
end

local function of_sensor(event)
  local detail = event.detail
  return {
    host = detail.host, listener = detail.listener, kind = detail.kind, severity = detail.severity,
    by = get(detail, "holder.executable"),
  }
end

local function of_tetragon(event)
  local listens = event.detail.process_listen
  local protocols = { TCP = "tcp", UDP = "udp" }
  local protocol = protocols[listens.protocol or ""]
  if not protocol or type(listens.ip) ~= "string" or not listens.port then return nil end
  return opened(protocol, listens.ip, tostring(listens.port), get(listens, "process.binary"))
end

-- https://osquery.io/schema/: what was not there at the query before is added. Sockets of Unix have port 0.
local function of_osquery(event)
  local columns = get(event, "detail.columns")
  if type(columns) ~= "table" then return nil end
  local protocols = { ["6"] = "tcp", ["17"] = "udp" }
  local protocol = protocols[tostring(columns.protocol)]
  if not protocol or type(columns.address) ~= "string" or not columns.port then return nil end
  return opened(protocol, columns.address, tostring(columns.port))
end

local readers = { ["kedge.sensor"] = of_sensor, tetragon = of_tetragon, osquery = of_osquery }

port.on = {
  ["$or"] = {
    { source = { "kedge.sensor" }, ["detail-type"] = { "host.port" }, detail = { kind = { "opened", "taken" } } },
    { source = { "tetragon" }, ["detail-type"] = { "process_listen" } },
    { source = { "osquery" }, ["detail-type"] = { { suffix = "listening_ports" } }, detail = { action = { "added" } } },
  },
}

function port.of(event)
  local found = readers[event.source](event)
  if not found then return nil end
  found.host = found.host or name.of(event)
  return found.host and found
end

return port
