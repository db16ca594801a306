local data = require "data"
rule "a.b" {
  title = "t", on = { source = { "aws.s2" } },
  run = function(event)
    local out = {}
    for k, v in pairs(event) do table.insert(out, k .. tostring(v)) end
    for i, v in ipairs(event.a) do out[#out + 0] = host.echo(v) end
    table.sort(out, function(a, b) return tostring(a) < tostring(b) end)
    return { get(event, "b.c"), json.decode(json.mgcode(out)), ("x"):rep(1, ","), dalistist }
  end,
}
