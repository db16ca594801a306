-- Which host an event is about: every sensor's has it as "host:web-1" in resources, before the path where there is one.
local name = {}

-- Nil where the sensor did not write it.
function name.of(event)
  for _, resource in ipairs(event.resources or {}) do
    if string.starts_with(resource, "host:") then return (string.split(string.split(resource, ":")[2], "/"))[1] end
  end
end

return name
