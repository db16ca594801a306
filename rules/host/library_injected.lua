-- Code was put into programs that are what they were: by the loader's own list, by a library mapped from where none
-- lies, or by a program that has no file any more.
local change = require "host.change"
local response = require "host.response"

local signs = { "runs_memory", "runs_deleted", "runs_hidden", "runs_from_open_place", "maps_memory", "maps_deleted",
  "maps_from_open_place", "preload", "preload_file" }

local function is_process(event) return event["detail-type"] == "host.process" end

local function of_process(event)
  local path = get(event, "detail.path")
  return { host = event.detail.host, path = type(path) == "string" and path or nil, what = event.detail.kind }
end

rule "host.library-injected" {
  title = function(event)
    if not is_process(event) then return change.title(event) end
    if event.detail.kind == "preload_file" then  -- every process shows it, so none is named
      return event.detail.path .. " makes every program load " .. event.detail.value
    end
    local process = get(event, "detail.processes_first.1.executable") or "a process"
    return process .. " " .. string.replace(event.detail.kind, "_", " ") .. ": " .. event.detail.path
  end,
  severity = "critical",
  mode = "shadow",
  references = { "https://attack.mitre.org/techniques/T1574/006/", "https://attack.mitre.org/techniques/T1620/" },

  on = {
    ["$or"] = {
      change.on,
      {
        source = { "kedge.sensor" }, ["detail-type"] = { "host.process" },
        detail = { kind = signs, severity = { "high", "critical" } },
      },
    },
  },
  when = function(event) return is_process(event) or change.is_of(event, { "loader" }) end,
  target = function(event) return is_process(event) and "host:" .. event.detail.host or change.target(event) end,
  respond = function(event)
    return response.isolate_and_replace(is_process(event) and of_process(event) or change.of(event), event)
  end,
}
