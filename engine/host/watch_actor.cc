#include "host/watch_actor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "base/descriptor.h"

namespace kedge {
namespace {

constexpr uint32_t kNoLogin = UINT32_MAX;
constexpr size_t kKnownMax = 4'096;
constexpr size_t kReadMax = 256;  // in a round, 50 microseconds each: of more only the number is known

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

std::shared_ptr<const ProcessActor> read_actor(pid_t process, const std::string& folder) {
  return std::make_shared<ProcessActor>(
      ProcessActor{process, target_of(folder + "exe"), command_of(folder), cgroup_of(folder), login_of(folder)});
}

}  // namespace

std::shared_ptr<const ProcessActor> Actors::of(pid_t process) {
  Known& known = known_[process];
  if (known.round == round_) return known.actor;
  known.round = round_;
  const std::string folder = "/proc/" + std::to_string(process) + "/";
  struct stat found {};
  const bool there = stat(folder.c_str(), &found) == 0;
  if (known.actor != nullptr) {
    const bool same =
        there && found.st_ino == known.process_directory && target_of(folder + "exe") == known.actor->executable;
    if (same || !there) return known.actor;
  }
  known.process_directory = there ? found.st_ino : 0;
  const bool read = there && ++read_ <= kReadMax;
  known.actor =
      read ? read_actor(process, folder) : std::make_shared<ProcessActor>(ProcessActor{process, {}, {}, {}, {}});
  if (there && !read) known.process_directory = 0;  // to be read another time
  return known.actor;
}

void Actors::next_round() {
  if (known_.size() > kKnownMax) known_.clear();
  ++round_;
  read_ = 0;
}

}  // namespace kedge
