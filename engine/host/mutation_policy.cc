#include "host/mutation_policy.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>

#include "base/nearest.h"
#include "host/python_cache.h"

namespace kedge {
namespace {

using Category = MutationCategory;
using Severity = MutationSeverity;

constexpr std::array<std::string_view, 10> kCategories = {
    "binary", "library", "configuration", "boot", "credentials", "persistence", "loader", "data", "network", "process"};
constexpr std::array<std::string_view, 5> kSeverities = {"informational", "low", "medium", "high", "critical"};

constexpr const char* kElevation = "T1548.001";
constexpr const char* kTimestomp = "T1070.006";
constexpr const char* kWipedLog = "T1070.002";
constexpr int64_t kDay = 86'400;

template <class Word, size_t kCount>
Result<Word> parse_word(std::string_view text, const std::array<std::string_view, kCount>& words) {
  const auto found = std::find(words.begin(), words.end(), text);
  if (found != words.end()) return static_cast<Word>(found - words.begin());
  std::string all;
  for (const std::string_view word : words) all.append(all.empty() ? "" : ", ").append(word);
  return Error{ErrorCode::invalid, "must be one of " + all + did_you_mean(text, {words.begin(), words.end()})};
}

MeaningOfPaths line(Category category, Severity severity, std::vector<std::string> techniques,
                    std::vector<std::string> patterns) {
  return {std::move(patterns), {category, severity, std::move(techniques), false}};
}

MeaningOfPaths quiet(std::vector<std::string> patterns) {
  return {std::move(patterns), {Category::data, Severity::informational, {}, true}};
}

bool matches(const std::string& path, const MeaningOfPaths& line) {
  return std::any_of(line.patterns.begin(), line.patterns.end(), [&](const std::string& pattern) {
    return fnmatch(pattern.c_str(), path.c_str(), FNM_NOESCAPE) == 0;
  });
}

// What a healthy system writes by itself. First of all: none of it is code or decides about anybody's rights. (Of what
// Python and depmod write, which is, see below.)
MeaningOfPaths healthy() {
  return quiet({"var/log",
                "var/log/*",
                "var/cache",
                "var/cache/*",
                "var/spool/cron/atspool*",
                "var/spool/anacron/*",
                "var/spool/postfix/*",
                "var/spool/exim4/*",
                "var/spool/rsyslog/*",
                "var/mail/*",
                "var/lib/logrotate/*",
                "var/lib/dhcp/*",
                "var/lib/NetworkManager/*",
                "var/lib/chrony/*",
                "var/lib/ntp/*",
                "var/lib/ntpsec/*",
                "var/lib/mlocate/*",
                "var/lib/plocate/*",
                "var/lib/man-db/*",
                "var/lib/apt/*",
                "var/lib/dpkg/lock*",
                "var/lib/dpkg/updates",
                "var/lib/dpkg/updates/*",
                "var/lib/dpkg/triggers/*",
                "var/lib/dpkg/tmp.ci*",
                "var/lib/dpkg/status*",
                "var/lib/dpkg/available*",
                "var/lib/dpkg/diversions*",
                "var/lib/dpkg/statoverride*",
                "var/lib/dpkg/alternatives/*",
                "var/lib/ucf/*",
                "var/lib/update-notifier/*",
                "var/lib/unattended-upgrades/*",
                "var/lib/systemd/timers/*",
                "var/lib/systemd/timesync/*",
                "var/lib/systemd/random-seed",
                "var/lib/systemd/catalog/*",
                "var/lib/systemd/deb-systemd-helper-*",
                "var/lib/private/*",
                "var/lib/misc/*",
                "var/backups/*",
                "var/tmp/systemd-private-*",
                "var/crash/*",
                "run/*",
                "etc/ld.so.cache*",
                "etc/mtab*",
                "etc/resolv.conf*",
                "etc/adjtime",
                "etc/.pwd.lock",
                "etc/*.lock",
                "etc/passwd-",
                "etc/group-",
                "etc/shadow-",
                "etc/gshadow-",
                "etc/subuid-",
                "etc/subgid-",
                "etc/machine-id",
                "etc/letsencrypt/live/*",
                "etc/letsencrypt/archive/*",
                "etc/letsencrypt/csr/*",
                "etc/letsencrypt/keys/*",
                "var/lib/letsencrypt/*",
                "*/__pycache__",
                "*/4913",
                "*/.*.sw?",
                "*/.*.sw",
                "*~",
                "usr/share/info/dir*",
                "usr/share/mime/*",
                "usr/share/icons/*icon-theme.cache",
                "lib/udev/hwdb.bin",
                "usr/lib/udev/hwdb.bin",
                "root/.bash_history",
                "home/*/.bash_history",
                "root/.lesshst",
                "home/*/.lesshst",
                "root/.viminfo*",
                "home/*/.viminfo*"});
}

// While depmod writes one, numbers stand behind its name.
std::string without_numbers(std::string path) {
  for (size_t dot = path.rfind('.'); dot != std::string::npos && dot + 1 < path.size(); dot = path.rfind('.')) {
    if (path.find_first_not_of("0123456789", dot + 1) != std::string::npos) break;
    path.resize(dot);
  }
  return path;
}

// What depmod writes, in a kernel's own directory; deeper lie the modules.
bool is_depmods(const std::string& path) {
  static const MeaningOfPaths kTables = quiet(
      {"lib/modules/*/modules.alias", "lib/modules/*/modules.alias.bin", "lib/modules/*/modules.builtin.alias.bin",
       "lib/modules/*/modules.builtin.bin", "lib/modules/*/modules.dep", "lib/modules/*/modules.dep.bin",
       "lib/modules/*/modules.devname", "lib/modules/*/modules.softdep", "lib/modules/*/modules.symbols",
       "lib/modules/*/modules.symbols.bin", "lib/modules/*/modules.weakdep"});
  static const MeaningOfPaths kDeeper = quiet({"lib/modules/*/*/*"});
  if (!path.starts_with("lib/modules/") && !path.starts_with("usr/lib/modules/")) return false;
  const std::string in_lib = without_numbers(path.substr(path.find("lib/")));
  return matches(in_lib, kTables) && !matches(in_lib, kDeeper);
}

bool is_healthy(const std::string& path) {
  static const MeaningOfPaths kHealthy = healthy();
  return matches(path, kHealthy) || is_depmods(path);
}

std::vector<MeaningOfPaths> with_usr(std::vector<MeaningOfPaths> lines) {
  for (MeaningOfPaths& one : lines) {
    std::vector<std::string> merged;
    for (const std::string& pattern : one.patterns) {
      for (const char* const folder : {"bin/", "sbin/", "lib/", "lib32/", "lib64/"}) {
        if (pattern.starts_with(folder)) merged.push_back("usr/" + pattern);
      }
    }
    one.patterns.insert(one.patterns.end(), merged.begin(), merged.end());
  }
  return lines;
}

std::vector<MeaningOfPaths> grave() {
  return {
      line(Category::loader, Severity::critical, {"T1574.006"}, {"etc/ld.so.preload"}),
      line(Category::loader, Severity::high, {"T1574.006"},
           {"etc/ld.so.conf", "etc/ld.so.conf.d", "etc/ld.so.conf.d/*", "lib/ld-*", "lib64/ld-*", "lib/*/ld-*.so*"}),
      line(Category::credentials, Severity::critical, {"T1098.004"},
           {"*/.ssh/authorized_keys*", "etc/ssh/authorized_keys*", "etc/ssh/auth_principals*", "etc/ssh/*_ca*.pub"}),
      line(Category::credentials, Severity::critical, {"T1548.003"},
           {"etc/sudoers", "etc/sudoers.d", "etc/sudoers.d/*", "etc/sudo.conf", "usr/libexec/sudo/*", "lib/sudo/*",
            "etc/doas.conf", "etc/polkit-1/*", "usr/share/polkit-1/*"}),
      line(Category::credentials, Severity::critical, {"T1556.003"},
           {"etc/pam.d", "etc/pam.d/*", "etc/pam.conf", "etc/security/*", "lib/security/*", "lib/*/security/*",
            "usr/share/pam-configs/*"}),
      line(Category::credentials, Severity::high, {"T1136.001"},
           {"etc/passwd", "etc/group", "etc/subuid", "etc/subgid"}),
      line(Category::credentials, Severity::high, {"T1098"}, {"etc/shadow", "etc/gshadow"}),
      line(Category::credentials, Severity::high, {"T1556"}, {"etc/nsswitch.conf", "etc/krb5.conf", "etc/krb5.keytab"}),
      line(Category::credentials, Severity::high, {"T1552.004"},
           {"etc/ssh/ssh_host_*", "etc/ssl/private/*", "*/.ssh/id_*"}),
      line(Category::configuration, Severity::high, {"T1021.004"},
           {"etc/ssh/sshd_config", "etc/ssh/sshd_config.d", "etc/ssh/sshd_config.d/*"}),
      line(Category::persistence, Severity::high, {"T1053.002"}, {"var/spool/cron/atjobs*", "var/spool/at/*"}),
      line(Category::persistence, Severity::high, {"T1053.003"},
           {"etc/crontab", "etc/anacrontab", "etc/cron.*", "var/spool/cron/*"}),
      line(Category::persistence, Severity::high, {"T1053.006"},
           {"etc/systemd/*.timer", "lib/systemd/*.timer", "usr/local/lib/systemd/*.timer",
            "*/.config/systemd/user/*.timer", "*/.local/share/systemd/user/*.timer"}),
      line(Category::configuration, Severity::high, {"T1562.001"},
           {"etc/systemd/journald.conf", "etc/systemd/journald.conf.d/*"}),
      line(Category::persistence, Severity::high, {"T1543.002"},
           {"etc/systemd/*", "lib/systemd/system/*", "lib/systemd/user/*", "lib/systemd/*-generators/*",
            "lib/systemd/system-sleep/*", "lib/systemd/system-shutdown/*", "usr/local/lib/systemd/*",
            "*/.config/systemd/user/*", "*/.local/share/systemd/user/*", "usr/share/dbus-1/*services/*",
            "etc/dbus-1/*"}),
      line(Category::persistence, Severity::high, {"T1546"},
           {"etc/NetworkManager/dispatcher.d/*", "lib/NetworkManager/dispatcher.d/*", "etc/network/if-*.d/*",
            "etc/networkd-dispatcher/*", "etc/dhcp/dhclient-*-hooks.d/*", "etc/ppp/ip-*.d/*"}),
      line(Category::persistence, Severity::high, {"T1037.004"},
           {"etc/rc.local", "etc/rc?.d/*", "etc/init.d/*", "etc/inittab", "etc/update-motd.d", "etc/update-motd.d/*"}),
      line(Category::persistence, Severity::high, {"T1546.004"},
           {"etc/profile",     "etc/profile.d",  "etc/profile.d/*", "etc/bash.bashrc", "etc/bash.bash_logout",
            "etc/environment", "etc/zsh/*",      "etc/skel/*",      "*/.bashrc",       "*/.bash_profile",
            "*/.bash_login",   "*/.bash_logout", "*/.profile",      "*/.zshrc",        "*/.zprofile",
            "*/.zshenv",       "*/.zlogin",      "etc/ssh/sshrc",   "*/.ssh/rc",       "*/.ssh/environment"}),
      line(Category::persistence, Severity::high, {"T1546.018"},
           {"lib/python3*.pth", "usr/local/lib/python3*.pth", "*/sitecustomize.py", "*/usercustomize.py"}),
      line(Category::persistence, Severity::high, {"T1546.017"},
           {"etc/udev/rules.d", "etc/udev/rules.d/*", "lib/udev/rules.d/*"}),
      line(Category::persistence, Severity::high, {"T1547.013"}, {"etc/xdg/autostart/*", "*/.config/autostart/*"}),
      line(Category::persistence, Severity::high, {"T1546.016"},
           {"etc/apt/apt.conf", "etc/apt/apt.conf.d", "etc/apt/apt.conf.d/*", "etc/dpkg/dpkg.cfg*",
            "var/lib/dpkg/info/*.preinst", "var/lib/dpkg/info/*.postinst", "var/lib/dpkg/info/*.prerm",
            "var/lib/dpkg/info/*.postrm", "var/lib/dpkg/info/*.config"}),
      line(Category::persistence, Severity::high, {"T1505.003"}, {"var/www/*", "srv/www/*", "usr/share/nginx/html/*"}),
      line(Category::boot, Severity::high, {"T1547.006"},
           {"lib/modules/*.ko*", "etc/modules", "etc/modules-load.d/*", "lib/modules-load.d/*", "etc/modprobe.d/*",
            "lib/modprobe.d/*"}),
      line(Category::boot, Severity::high, {"T1542.003"},
           {"boot", "boot/*", "efi/*", "etc/default/grub*", "etc/grub.d/*", "etc/initramfs-tools/*",
            "usr/share/initramfs-tools/*", "etc/kernel/*", "etc/dracut.conf*"}),
      line(Category::configuration, Severity::high, {"T1562.004"},
           {"etc/nftables.conf", "etc/nftables.d/*", "etc/iptables/*", "etc/ufw/*", "etc/firewalld/*",
            "etc/hosts.allow", "etc/hosts.deny"}),
      line(Category::configuration, Severity::high, {"T1562.001"},
           {"etc/audit/*", "etc/libaudit.conf", "etc/rsyslog.conf", "etc/rsyslog.d/*", "etc/kedge/*",
            "etc/apparmor.d/*", "etc/selinux/*", "etc/fail2ban/*", "etc/sysctl.conf", "etc/sysctl.d/*"}),
  };
}

std::vector<MeaningOfPaths> ordinary() {
  return {
      line(Category::configuration, Severity::medium, {"T1553.004"},
           {"etc/ssl/certs/*", "usr/local/share/ca-certificates/*"}),
      line(Category::library, Severity::high, {"T1574"},
           {"lib/*.so", "lib/*.so.*", "lib32/*.so*", "lib64/*.so*", "usr/local/lib/*.so", "usr/local/lib/*.so.*"}),
      line(Category::binary, Severity::high, {"T1554"},
           {"bin", "bin/*", "sbin", "sbin/*", "usr/local/bin/*", "usr/local/sbin/*", "usr/libexec/*", "usr/games/*",
            "opt/*/bin/*", "opt/*/sbin/*", "lib/*/bin/*"}),
      line(Category::configuration, Severity::medium, {"T1565.001"},
           {"etc", "etc/*", "usr/local/etc/*", "opt/*/etc/*"}),
      line(Category::library, Severity::medium, {"T1574"},
           {"lib/python*", "lib/perl*", "lib/ruby*", "usr/local/lib/*", "usr/share/perl*", "lib/node_modules/*",
            "lib/jvm/*", "*.pyc"}),
  };
}

// One that is there all the time: who turns it over makes a new one at once. A name with a number is one that was
// turned over.
bool is_standing_log(const std::string& path) {
  static const MeaningOfPaths kLogs =
      quiet({"var/log/syslog", "var/log/messages", "var/log/*.log", "var/log/wtmp", "var/log/wtmp.db", "var/log/btmp",
             "var/log/lastlog", "var/log/lastlog2.db", "var/log/journal/*/system.journal"});
  static const MeaningOfPaths kTurnedOver = quiet({"*[0-9].log"});
  return matches(path, kLogs) && !matches(path, kTurnedOver);
}

// As editors name what they leave beside a file: quiet, unless somebody can run it.
bool has_editors_name(const std::string& path) {
  static const MeaningOfPaths kNames = quiet({"*~", "*/.*.sw?", "*/.*.sw", ".*.sw?"});
  return matches(path, kNames);
}

bool is_executable(const FileState& state) { return state.type == FileType::file && (state.mode & 0111) != 0; }

bool lies_where_all_may_write(const std::string& path) {
  return path.starts_with("tmp/") || path.starts_with("var/tmp/") || path.starts_with("dev/shm/");
}

// setuid and setgid of a file that may be run with it.
uint32_t elevating_bits(const FileState* state) {
  if (state == nullptr || state->type != FileType::file) return 0;
  uint32_t bits = state->mode & 04000;
  if ((state->mode & 02010) == 02010) bits |= 02000;
  return bits;
}

bool gains_elevation(const FileState* before, const FileState* after) {
  if (after == nullptr) return false;
  if ((elevating_bits(after) & ~elevating_bits(before)) != 0) return true;
  return !after->capabilities.empty() && (before == nullptr || before->capabilities != after->capabilities);
}

bool has_other_content(const Mutation& mutation) {
  return std::find(mutation.kinds.begin(), mutation.kinds.end(), MutationKind::modified) != mutation.kinds.end();
}

// The content is another, and claims to be older than the day on which it was put there.
bool claims_to_be_older(const Mutation& mutation) {
  if (!mutation.after || mutation.after->state.type != FileType::file) return false;
  const bool new_content = mutation.kinds.front() == MutationKind::created || has_other_content(mutation);
  const int64_t changed = mutation.after->identity.ctime.seconds;
  return new_content && changed > 0 && mutation.after->state.mtime.seconds < changed - kDay;
}

void add_technique(Meaning& meaning, const char* technique) {
  auto& all = meaning.techniques;
  if (std::find(all.begin(), all.end(), technique) == all.end()) all.emplace_back(technique);
}

}  // namespace

std::string_view to_string(MutationCategory category) { return kCategories.at(static_cast<size_t>(category)); }
std::string_view to_string(MutationSeverity severity) { return kSeverities.at(static_cast<size_t>(severity)); }

Result<MutationCategory> parse_mutation_category(std::string_view text) {
  return parse_word<MutationCategory>(text, kCategories);
}
Result<MutationSeverity> parse_mutation_severity(std::string_view text) {
  return parse_word<MutationSeverity>(text, kSeverities);
}

const std::vector<MeaningOfPaths>& default_meanings() {
  static const std::vector<MeaningOfPaths> kAll = [] {
    std::vector<MeaningOfPaths> all = with_usr(grave());
    for (MeaningOfPaths& one : with_usr(ordinary())) all.push_back(std::move(one));
    return all;
  }();
  return kAll;
}

const MeaningOfPaths* MutationPolicy::own_line(const std::string& path) const {
  const auto found =
      std::find_if(own_.begin(), own_.end(), [&](const MeaningOfPaths& one) { return matches(path, one); });
  return found == own_.end() ? nullptr : &*found;
}

Meaning MutationPolicy::meaning_of(const std::string& path) const { return usual_meaning(path, FileState{}); }

bool MutationPolicy::is_quiet(const std::string& path) const {
  if (const MeaningOfPaths* const own = own_line(path)) return own->meaning.quiet;
  return is_healthy(path);
}

bool MutationPolicy::is_judged_by_its_source(const std::string& path) const {
  return python_source_of(path) && own_line(path) == nullptr;
}

Meaning MutationPolicy::usual_meaning(const std::string& path, const FileState& state) const {
  if (const MeaningOfPaths* const own = own_line(path)) return own->meaning;
  if (is_healthy(path) || python_source_of(path)) return {Category::data, Severity::informational, {}, true};
  for (const MeaningOfPaths& one : default_meanings()) {
    if (matches(path, one)) return one.meaning;
  }
  if (is_executable(state) && lies_where_all_may_write(path)) {
    return {Category::binary, Severity::high, {"T1564.001"}, false};
  }
  if (is_executable(state)) return {Category::binary, Severity::medium, {"T1554"}, false};
  return {};
}

Meaning MutationPolicy::meaning_of(const Mutation& mutation) const {
  const FileState* const before = mutation.before ? &mutation.before->state : nullptr;
  const FileState* const after = mutation.after ? &mutation.after->state : nullptr;
  const FileState nothing;  // it was told, and is known by nobody, and is gone
  Meaning meaning = usual_meaning(mutation.path, after != nullptr ? *after : before != nullptr ? *before : nothing);
  if (meaning.quiet && has_other_content(mutation) && is_judged_by_its_source(mutation.path)) {
    meaning = {Category::library, Severity::medium, {"T1574"}, false};
  }
  for (const std::string& path : mutation.gone_below) {
    Meaning below = meaning_of(path);
    const bool graver = !below.quiet && (meaning.quiet || below.severity > meaning.severity);
    if (graver) meaning = std::move(below);
  }
  if (mutation.restored) {
    meaning.severity = Severity::informational;
    return meaning;
  }
  const auto wipes = [&](const std::string& path) { return is_standing_log(path) && own_line(path) == nullptr; };
  if (meaning.quiet && after == nullptr &&
      (wipes(mutation.path) || std::any_of(mutation.gone_below.begin(), mutation.gone_below.end(), wipes))) {
    meaning = {Category::data, Severity::medium, {kWipedLog}, false};
  }
  if (meaning.quiet && after != nullptr && is_executable(*after) && has_editors_name(mutation.path) &&
      own_line(mutation.path) == nullptr) {
    meaning = {Category::binary, Severity::high, {"T1564.001"}, false};
  }
  if (own_line(mutation.path) == nullptr && gains_elevation(before, after)) {
    if (meaning.category == Category::data || meaning.quiet) meaning.category = Category::binary;
    meaning.severity = Severity::critical;
    meaning.quiet = false;
    std::erase(meaning.techniques, kElevation);
    meaning.techniques.insert(meaning.techniques.begin(), kElevation);
  }
  if (meaning.techniques.empty()) add_technique(meaning, after == nullptr ? "T1070.004" : "T1565.001");
  if (claims_to_be_older(mutation)) add_technique(meaning, kTimestomp);
  return meaning;
}

}  // namespace kedge
