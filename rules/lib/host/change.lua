-- A change of a file on a host, whichever sensor tells of it.
--
-- change.on is the pattern of all that may be one; change.of(event) is { host, path, category, what, by, techniques },
-- or nil for what is none. Sensors that only see that a file was opened, or read, tell of no change; and about a change on
-- a host that is not named nothing can be done.
local name = require "host.name"
local places = require "host.places"

local change = {}

-- kedge's own sensor, which knows the category itself (docs/sensor.md).
local function of_sensor(event)
  local detail = event.detail
  return {
    host = detail.host, path = detail.path, what = detail.kind, category = detail.category,
    by = get(detail, "actor.executable"), techniques = detail.techniques, root = detail.root,
  }
end

-- An alert is a change where its rule is about one: https://falcosecurity.github.io/rules/
local falco_writes = { "Write below", "Modify", "Update", "Rename", "Create Symlink", "Drop and execute", "Set Setuid" }

local function of_falco(event)
  local path = get(event, "detail.output_fields")
  path = type(path) == "table" and path["fd.name"] or nil
  for _, begin in ipairs(falco_writes) do
    if string.starts_with(event["detail-type"], begin) then
      return { path = path, what = "modified", by = event.detail.output_fields["proc.exepath"] }
    end
  end
end

local function of_wazuh(event)
  local file = get(event, "detail.syscheck")
  if type(file) ~= "table" then return nil end
  local what = { added = "created", modified = "modified", deleted = "deleted" }
  return { path = file.path, what = what[file.event], by = get(file, "audit.process.name") }
end

-- https://osquery.readthedocs.io/en/stable/deployment/file-integrity-monitoring/
local function of_osquery(event)
  local columns = get(event, "detail.columns")
  if type(columns) ~= "table" or not string.ends_with(event["detail-type"], "file_events") then return nil end
  local what = {
    CREATED = "created", UPDATED = "modified", DELETED = "deleted", MOVED_TO = "moved", MOVED_FROM = "deleted",
    ATTRIBUTES_MODIFIED = "mode",
  }
  return { path = columns.target_path, what = what[columns.action] }
end

local auditd_changes = {
  ["wrote-to-file"] = "modified", ["deleted"] = "deleted", ["renamed"] = "moved", ["created-file"] = "created",
  ["linked"] = "created", ["symlinked"] = "created", ["changed-file-permissions-of"] = "mode",
  ["changed-file-ownership-of"] = "ownership",
}
local beat_changes = {
  created = "created", updated = "modified", deleted = "deleted", moved = "moved", attributes_modified = "mode",
}

local function of_auditd(event)
  local action = get(event, "detail.event.action")
  if event["detail-type"] == "file_integrity" then
    if type(action) ~= "table" then action = { action } end
    local what
    for _, one in ipairs(action) do what = what or beat_changes[one] end
    return { path = get(event, "detail.file.path"), what = what }
  end
  if get(event, "detail.summary.object.type") ~= "file" then return nil end
  return {
    path = get(event, "detail.summary.object.primary"),
    what = auditd_changes[get(event, "detail.summary.action") or ""],
    by = get(event, "detail.summary.how"),
  }
end

-- By the hooks of its policies for files: https://tetragon.io/docs/use-cases/filename-access/
local MAY_WRITE = 2
local function of_tetragon(event)
  local call = get(event, "detail.process_kprobe") or get(event, "detail.process_lsm")
  if type(call) ~= "table" then return nil end
  local hook = call.function_name or ""
  local path = get(call, "args.1.file_arg.path") or get(call, "args.1.path_arg.path")
  local writes = hook == "security_path_truncate"
  if hook == "security_file_permission" then writes = get(call, "args.2.int_arg") == MAY_WRITE end
  return { path = path, what = writes and "modified" or nil, by = get(call, "process.binary") }
end

local readers = {
  ["kedge.sensor"] = of_sensor, falco = of_falco, wazuh = of_wazuh, osquery = of_osquery, auditd = of_auditd,
  tetragon = of_tetragon,
}

change.on = {
  ["$or"] = {
    { source = { "kedge.sensor" }, ["detail-type"] = { "host.mutation" } },
    { source = { "falco" }, detail = { output_fields = { ["fd.name"] = { { exists = true } } } } },
    { source = { "wazuh" }, detail = { syscheck = { path = { { exists = true } } } } },
    { source = { "osquery" }, ["detail-type"] = { { suffix = "file_events" } } },
    { source = { "auditd" }, ["detail-type"] = { "file_integrity", "syscall" } },
    { source = { "tetragon" }, ["detail-type"] = { "process_kprobe", "process_lsm" } },
  },
}

function change.of(event)
  local reader = readers[event.source]
  local found = reader and reader(event)
  if not found or type(found.path) ~= "string" or not found.what then return nil end
  found.host = found.host or name.of(event)
  if not found.host then return nil end
  found.category = found.category or places.category(found.path)
  return found
end

local words = {
  mode = "given another mode", ownership = "given to somebody else", capabilities = "given capabilities",
  link_target = "linked elsewhere", attributes = "linked to more often, or less", mounted = "covered by a mount",
}

-- "/usr/bin/ssh was modified by /usr/bin/cp"
function change.title(event)
  local found = change.of(event)
  return found.path .. " was " .. (words[found.what] or found.what) .. (found.by and " by " .. found.by or "")
end

-- What rules are about: the file on its host.
function change.target(event)
  local found = change.of(event)
  return "host:" .. found.host .. found.path
end

-- Whether it is a change of one of these categories.
function change.is_of(event, categories)
  local found = change.of(event)
  if not found then return false end
  for _, category in ipairs(categories) do
    if found.category == category then return true end
  end
  return false
end

return change
