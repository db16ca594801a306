-- What is done about a host that was changed: it is cut off, what an investigator asks for is kept, and where the tree
-- that was changed is made of a golden image, it is made anew. Hosts are not repaired in place.
--
-- host/isolation.json says what an isolated host still reaches (its broker), who still reaches it, and which trees have
-- a golden image: the root as the sensor names it, and the name that the host's own configuration gives it.
local isolation = require "host.isolation"

local response = {}

-- Of a tree that has a golden image what runs in it is told, and its files by their names in it.
local function evidence(found, root)
  local below = root and found.path and found.root .. "/"
  if below and string.starts_with(found.path, below) then
    return action.host.capture_evidence { host = found.host, root = root, paths = { string.sub(found.path, #below + 1) } }
  end
  return action.host.capture_evidence { host = found.host, paths = found.path and { found.path } or nil }
end

function response.isolate_and_replace(found, event)
  local plan = {
    isolate = {
      action.host.quarantine { host = found.host, lifeline = isolation.lifeline, management = isolation.management },
    },
    notify = { "security" },
  }
  local root = found.root and isolation.roots[found.root]
  if root then
    plan.replace = { evidence(found, root), action.host.replace { host = found.host, root = root, made_after = event.time } }
  else
    plan.revert = { evidence(found) }  -- isolated for its lease: who replaces the host does it meanwhile
  end
  return plan
end

return response
