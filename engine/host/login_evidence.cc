#include "host/login_evidence.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utmp.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/descriptor.h"

namespace kedge {
namespace {

constexpr size_t kUtmpBytesMax = 4U << 20U;
constexpr size_t kSessionBytesMax = 64U << 10U;
constexpr size_t kLoginsMax = 10'000;

// As the host itself would find it: links are followed, and never out of the root.
Descriptor open_within(const Descriptor& root, const std::string& path, uint64_t flags) {
  open_how how{};
  how.flags = flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return Descriptor(static_cast<int>(syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how)));
}

// Of a regular file; nothing where there is none.
std::string read_within(const Descriptor& root, const std::string& path, size_t bytes_max) {
  const Descriptor file = open_within(root, path, 0);
  struct stat found {};
  if (file.get() < 0 || fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return {};
  std::string bytes(bytes_max, '\0');
  size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = read(file.get(), bytes.data() + size, bytes.size() - size);
    if (got <= 0) break;
    size += static_cast<size_t>(got);
  }
  bytes.resize(size);
  return bytes;
}

template <size_t size>
std::string_view text_of(const char (&field)[size]) {
  return {field, strnlen(field, size)};
}

std::string address_of(const utmp& login) {
  const bool four = login.ut_addr_v6[1] == 0 && login.ut_addr_v6[2] == 0 && login.ut_addr_v6[3] == 0;
  if (four && login.ut_addr_v6[0] == 0) return {};
  std::array<char, INET6_ADDRSTRLEN> shown{};
  inet_ntop(four ? AF_INET : AF_INET6, login.ut_addr_v6, shown.data(), shown.size());
  return shown.data();
}

// KEY=VALUE a line, as logind keeps a session.
Json session_of(const std::string& id, std::string_view text) {
  Json session = {{"source", "logind"}};
  put_text(session, "session", id);
  constexpr std::array<std::pair<std::string_view, const char*>, 9> kKeys = {{{"UID", "uid"},
                                                                              {"USER", "user"},
                                                                              {"STATE", "state"},
                                                                              {"REMOTE_HOST", "host"},
                                                                              {"REMOTE_USER", "remote_user"},
                                                                              {"SERVICE", "service"},
                                                                              {"TTY", "line"},
                                                                              {"LEADER", "pid"},
                                                                              {"REALTIME", "since_microseconds"}}};
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const size_t equal = line.find('=');
    const auto* const key =
        std::find_if(kKeys.begin(), kKeys.end(), [&](const auto& one) { return one.first == line.substr(0, equal); });
    if (equal != std::string_view::npos && key != kKeys.end()) put_text(session, key->second, line.substr(equal + 1));
  }
  return session;
}

std::vector<std::string> names_in(const Descriptor& root, const std::string& path) {
  std::vector<std::string> names;
  const Descriptor folder = open_within(root, path, O_DIRECTORY);
  DIR* const listing = folder.get() < 0 ? nullptr : fdopendir(dup(folder.get()));
  if (listing == nullptr) return names;
  while (const dirent* const entry = readdir(listing)) {
    const std::string name = entry->d_name;
    if (name.front() != '.' && !name.ends_with(".ref")) names.push_back(name);
  }
  closedir(listing);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::vector<Json> parse_utmp(std::string_view bytes) {
  std::vector<Json> logins;
  for (; bytes.size() >= sizeof(utmp); bytes.remove_prefix(sizeof(utmp))) {
    utmp login;
    std::memcpy(&login, bytes.data(), sizeof login);
    if (login.ut_type != USER_PROCESS) continue;
    Json about = {{"source", "utmp"}, {"pid", login.ut_pid}};
    put_text(about, "user", text_of(login.ut_user));
    put_text(about, "line", text_of(login.ut_line));
    put_text(about, "host", text_of(login.ut_host));
    const Time since{std::chrono::seconds(login.ut_tv.tv_sec) + std::chrono::microseconds(login.ut_tv.tv_usec)};
    about["since"] = format_time(since);
    if (const std::string address = address_of(login); !address.empty()) about["address"] = address;
    logins.push_back(std::move(about));
  }
  return logins;
}

void capture_logins(EvidenceWriter& writer, const std::string& root) {
  EvidenceList list(writer, "logins", kLoginsMax);
  const Descriptor folder(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) {
    for (const Json& login : parse_utmp(read_within(folder, "run/utmp", kUtmpBytesMax))) {
      if (list.has_room()) list.add(login);
    }
    const std::string sessions = "run/systemd/sessions";
    for (const std::string& name : names_in(folder, sessions)) {
      if (!list.has_room()) continue;
      list.add(session_of(name, read_within(folder, sessions + "/" + name, kSessionBytesMax)));
    }
  }
  list.write();
}

}  // namespace kedge
