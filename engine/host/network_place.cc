#include "host/network_place.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <tuple>

#include "base/files.h"
#include "base/thread.h"
#include "host/mounts.h"
#include "host/processes.h"

namespace kedge {
namespace {

std::string of_thread(const std::string& number) { return "/proc/" + number + "/ns/net"; }
std::string text_of(const std::string& number) { return " in the network namespace of process " + number; }

// Unless it is known. What is gone is no error.
Result<void> add(std::vector<NetworkPlace>& places, const std::string& path, std::string text) {
  struct stat found {};
  if (stat(path.c_str(), &found) == 0) {
    const auto same = [&](const NetworkPlace& one) { return one.number() == found.st_ino; };
    if (std::any_of(places.begin(), places.end(), same)) return {};
  }
  auto place = NetworkPlace::at(path, std::move(text));
  if (place) {
    places.push_back(*std::move(place));
    return {};
  }
  return place.error().code == ErrorCode::not_found ? Result<void>() : place.error();
}

Result<std::vector<NetworkPlace>> ours_alone() {
  auto ours = NetworkPlace::ours();
  if (!ours) return ours.error();
  std::vector<NetworkPlace> places;
  places.push_back(*std::move(ours));
  return places;
}

Result<void> add_those_of(std::vector<NetworkPlace>& places, const std::string& cgroup_folder) {
  const std::string path = cgroup_folder + "/cgroup.threads";
  const auto threads = read_file(path);
  struct stat folder {};
  if (!threads && stat(cgroup_folder.c_str(), &folder) != 0) return {};  // it has ended
  if (!threads) return threads.error();
  std::istringstream lines(*threads);
  for (std::string number; std::getline(lines, number);) {
    if (number == "0") {
      return Error{ErrorCode::refused, path + " names processes that are not to be seen from this process namespace"};
    }
    if (auto added = add(places, of_thread(number), text_of(number)); !added) {
      return added.error().code == ErrorCode::refused ? added.error().with("it takes CAP_SYS_PTRACE") : added;
    }
  }
  return {};
}

}  // namespace

Result<NetworkPlace> NetworkPlace::ours() {
  auto place = at("/proc/thread-self/ns/net", "");
  if (place) place->ours_ = true;
  return place;
}

Result<NetworkPlace> NetworkPlace::at(const std::string& path, std::string text) {
  Descriptor space(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (space.get() < 0 && errno == ESRCH) errno = ENOENT;
  if (space.get() < 0) return io_error("cannot look into the network namespace", path);
  struct stat found {};
  if (fstat(space.get(), &found) != 0) return io_error("cannot read", path);
  return NetworkPlace(std::move(space), found.st_ino, false, std::move(text));
}

Result<void> NetworkPlace::in(const std::function<Result<void>()>& body) const {
  if (ours_) return body();
  Result<void> done;
  Thread there("network-place", [&] {
    done = setns(space_.get(), CLONE_NEWNET) == 0 ? body() : Result<void>(io_error("cannot enter", "a namespace"));
  });
  there.join();
  if (done) return done;
  return Error{done.error().code, done.error().message + text_};
}

Result<std::vector<NetworkPlace>> network_places_of(const std::string& cgroup_folder) {
  auto places = ours_alone();
  if (!places) return places;
  std::vector<std::string> folders = {cgroup_folder};
  while (!folders.empty()) {
    const std::string folder = std::move(folders.back());
    folders.pop_back();
    if (auto added = add_those_of(*places, folder); !added) return added.error();
    std::error_code failure;
    std::filesystem::directory_iterator below(folder, failure);
    for (; !failure && below != std::filesystem::directory_iterator(); below.increment(failure)) {
      std::error_code ended;
      if (below->is_directory(ended)) folders.push_back(below->path());
    }
    if (failure && failure != std::errc::no_such_file_or_directory) {
      return Error{ErrorCode::unavailable, "cannot list " + folder + ": " + failure.message()};
    }
  }
  return places;
}

Result<std::vector<NetworkPlace>> network_places() {
  auto places = ours_alone();
  if (!places) return places;
  for (const pid_t process : process_numbers()) {
    const std::string number = std::to_string(process);
    std::ignore = add(*places, of_thread(number), text_of(number));
  }
  const auto mounts = Mounts::open();
  if (!mounts) return mounts.error();
  for (const auto& [number, mount] : mounts->all()) {
    if (mount.type == "nsfs" && mount.root.starts_with("net:")) {
      std::ignore = add(*places, mount.point, " in the network namespace at " + mount.point);
    }
  }
  return places;
}

}  // namespace kedge
