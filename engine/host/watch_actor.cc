#include "host/watch_actor.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "base/descriptor.h"

namespace kedge {
namespace {

constexpr uint32_t kNoLogin = UINT32_MAX;

// At most a piece of it: what /proc tells of a process can be long.
std::string beginning_of(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> piece;
  const ssize_t got = file.get() < 0 ? 0 : read(file.get(), piece.data(), piece.size());
  return {piece.data(), static_cast<size_t>(std::max<ssize_t>(got, 0))};
}

std::string target_of(const std::string& link) {
  std::array<char, 4096> piece;
  const ssize_t got = readlink(link.c_str(), piece.data(), piece.size());
  return {piece.data(), static_cast<size_t>(std::max<ssize_t>(got, 0))};
}

std::string command_of(const std::string& folder) {
  std::string command = beginning_of(folder + "cmdline");
  while (!command.empty() && command.back() == '\0') command.pop_back();
  std::replace(command.begin(), command.end(), '\0', ' ');
  return command;
}

// The line of the unified hierarchy, "0::/system.slice/cron.service".
std::string cgroup_of(const std::string& folder) {
  const std::string all = "\n" + beginning_of(folder + "cgroup");
  const size_t begin = all.find("\n0::");
  return begin == std::string::npos ? "" : all.substr(begin + 4, all.find('\n', begin + 1) - begin - 4);
}

std::optional<uint32_t> login_of(const std::string& folder) {
  const std::string text = beginning_of(folder + "loginuid");
  uint32_t user = kNoLogin;
  std::from_chars(text.data(), text.data() + text.size(), user);
  return user == kNoLogin ? std::nullopt : std::optional(user);
}

}  // namespace

std::shared_ptr<const Actor> read_actor(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process) + "/";
  auto actor = std::make_shared<Actor>();
  actor->process = process;
  actor->executable = target_of(folder + "exe");
  actor->command = command_of(folder);
  actor->cgroup = cgroup_of(folder);
  actor->login = login_of(folder);
  return actor;
}

}  // namespace kedge
