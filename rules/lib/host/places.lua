-- What lies where on a Linux host, for sensors that tell a path and no more. The first that fits counts.
local places = {}

local function begins(...)
  local prefixes = { ... }
  return function(path)
    for _, prefix in ipairs(prefixes) do
      if string.starts_with(path, prefix) then return true end
    end
    return false
  end
end
local function matches(pattern) return function(path) return re.match(path, pattern) ~= nil end end

local order = {
  { "loader", begins("/etc/ld.so") },
  { "credentials", matches("^/etc/(passwd|shadow|group|gshadow|sudoers)-?$|^/etc/(sudoers\\.d|pam\\.d|ssh)/|/\\.ssh/") },
  { "persistence", begins("/etc/cron", "/var/spool/cron", "/etc/systemd/", "/lib/systemd/", "/usr/lib/systemd/",
      "/etc/init.d/", "/etc/rc", "/etc/profile", "/etc/update-motd.d/", "/etc/xdg/autostart/") },
  { "persistence", matches("/\\.(bashrc|bash_profile|profile|zshrc)$|/\\.config/(autostart|systemd)/") },
  { "boot", begins("/boot/", "/lib/modules/", "/usr/lib/modules/", "/etc/modules", "/etc/initramfs-tools/") },
  { "library", matches("^/(usr/)?(local/)?lib(32|64|x32)?/.*\\.so(\\.|$)") },
  { "binary", matches("^/(usr/)?(local/)?s?bin/|^/(usr/)?(local/)?lib(exec)?/|^/opt/.*/s?bin/") },
  { "data", matches("^/etc/.*(/\\.[^/]*\\.sw[a-z]|~)$") },  -- what an editor keeps beside a file while it is open
  { "configuration", begins("/etc/") },
}

function places.category(path)
  for _, place in ipairs(order) do
    if place[2](path) then return place[1] end
  end
  return "data"
end

return places
