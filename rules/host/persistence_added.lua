-- Something was put where it is run again, or lets somebody in again: timers and units, shells' profiles, keys, accounts.
-- People also do this on purpose, so evidence is kept, and what is done about the host is theirs to say.
local change = require "host.change"

rule "host.persistence-added" {
  title = change.title,
  severity = "high",
  mode = "shadow",
  references = { "https://attack.mitre.org/tactics/TA0003/" },

  on = change.on,
  when = function(event) return change.is_of(event, { "persistence", "credentials" }) end,
  target = change.target,
  respond = function(event)
    local found = change.of(event)
    return {
      revert = { action.host.capture_evidence { host = found.host, paths = { found.path } } },
      notify = { "security" },
    }
  end,
}
