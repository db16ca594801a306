// bench_watch, for bench/watch.py: the watchers, and the floor under them. Prints JSON, a line for each thing asked.
//
//   bench_watch DIRECTORY make DIRECTORIES FILES         a tree to watch
//   bench_watch DIRECTORY ready WATCHER                  seconds until all of it is watched, and what that takes
//   bench_watch DIRECTORY prepare KIND WRITERS           what is there before a storm
//   bench_watch DIRECTORY storm KIND COUNT WRITERS       a storm; see writing.h
//   bench_watch DIRECTORY drain WATCHER                  "ready"; then takes all that comes, until DIRECTORY/done is
//   seen, and
//                                                        says what it took, and how many files nobody said to look at
//
// WATCHER is inotify or fanotify: as it ships, with the settler above it; or floor: inotify's calls and nothing else.
#include <dirent.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "bench/watch/writing.h"
#include "host/fanotify_watcher.h"
#include "host/inotify_watcher.h"
#include "host/watch_settler.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr uint64_t kMissedTold = 10;

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

double resident_mb() {
  long pages = 0;
  long resident = 0;
  FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%ld %ld", &pages, &resident) != 2)
    fail_watching("cannot read /proc/self/statm");
  std::fclose(file);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

Duration elapsed() { return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()); }

std::unique_ptr<TreeWatcher> open_named(const std::string& name, const std::string& directory) {
  const auto checked = [](auto opened) -> std::unique_ptr<TreeWatcher> {
    if (!opened) fail_watching(opened.error().message);
    return std::move(*opened);
  };
  if (name == "inotify") return checked(InotifyWatcher::open({{directory}, {}}));
  return checked(FanotifyWatcher::open({{directory}, {}}));
}

// A watch on each directory, and nothing remembered.
size_t watch_barely(int queue, const std::string& path) {
  constexpr uint32_t kMask = IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_FROM |
                             IN_MOVED_TO | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;
  if (inotify_add_watch(queue, path.c_str(), kMask) < 0) fail_watching("cannot watch " + path);
  DIR* const list = opendir(path.c_str());
  if (list == nullptr) fail_watching("cannot read " + path);
  size_t watches = 1;
  while (const dirent* const entry = readdir(list)) {
    const bool is_dot = std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0;
    if (entry->d_type == DT_DIR && !is_dot) watches += watch_barely(queue, path + "/" + entry->d_name);
  }
  closedir(list);
  return watches;
}

void ready(const std::string& name, const std::string& directory) {
  const double resident = resident_mb();
  const double cpu = cpu_seconds();
  const Duration begin = elapsed();
  std::unique_ptr<TreeWatcher> watcher;
  if (name == "floor") {
    watch_barely(inotify_init1(IN_CLOEXEC), directory);
  } else {
    watcher = open_named(name, directory);
  }
  const std::chrono::duration<double> taken = elapsed() - begin;
  std::cout << Json{{"seconds", taken.count()},
                    {"cpu_seconds", cpu_seconds() - cpu},
                    {"resident_mb", resident_mb()},
                    {"before_mb", resident},
                    {"blind", watcher == nullptr ? 0 : watcher->blind_spots().size()}}
            << std::endl;
}

struct Drained {
  uint64_t events = 0;
  uint64_t looks = 0;
  std::set<std::string> doubts;
  std::set<std::string> seen;
  std::set<std::string> trees;
};

void drain_floor(const std::string& directory, Drained& drained) {
  const int queue = inotify_init1(IN_CLOEXEC);
  watch_barely(queue, directory);
  std::cout << "ready" << std::endl;
  std::vector<char> buffer(256U << 10U);
  for (;;) {
    const ssize_t got = read(queue, buffer.data(), buffer.size());
    if (got <= 0) fail_watching("cannot read from inotify");
    for (const char* next = buffer.data(); next < buffer.data() + got; ++drained.events) {
      const auto& event = *reinterpret_cast<const inotify_event*>(next);
      if ((event.mask & IN_Q_OVERFLOW) != 0) drained.doubts.insert("overflow");
      if (event.len != 0 && std::strcmp(event.name, "done") == 0) return;
      next += sizeof(event) + event.len;
    }
  }
}

void drain_watcher(const std::string& name, const std::string& directory, Drained& drained) {
  const auto watcher = open_named(name, directory);
  Settler settler({directory}, {});
  std::cout << "ready" << std::endl;
  const std::string last = directory + "/done";
  bool done = false;
  while (!done || settler.pending() != 0) {
    auto notices = watcher->poll(std::chrono::milliseconds(10));
    if (!notices) fail_watching(notices.error().message);
    drained.events += notices->sightings.size() + notices->doubts.size();
    for (const Doubt& one : notices->doubts) drained.doubts.insert(std::string(to_string(one.reason)));
    settler.add(std::move(*notices), elapsed());
    for (PathLook& look : settler.due(elapsed())) {
      ++drained.looks;
      for (const auto reason : look.doubts) drained.doubts.insert(std::string(to_string(reason)));
      done = done || look.path == last || (look.tree && lies_in(last, look.path) && fs::exists(last));
      (look.tree ? drained.trees : drained.seen).insert(std::move(look.path));
    }
  }
}

// Of all that the storm left behind.
uint64_t missed(const std::string& directory, const Drained& drained) {
  uint64_t count = 0;
  const auto in_tree = [&](std::string path) {
    for (; path.size() >= directory.size(); path.resize(path.rfind('/'))) {
      if (drained.trees.count(path) != 0) return true;
    }
    return false;
  };
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.path().filename().string().rfind("writer", 0) == 0) continue;  // was there before
    if (drained.seen.count(entry.path().string()) != 0 || in_tree(entry.path().string())) continue;
    if (++count <= kMissedTold) std::cerr << "missed: " << entry.path().string() << "\n";
  }
  return count;
}

void drain(const std::string& name, const std::string& directory) {
  Drained drained;
  if (name == "floor") {
    drain_floor(directory, drained);
  } else {
    drain_watcher(name, directory, drained);
  }
  const double cpu = cpu_seconds();
  const double resident = resident_mb();
  std::cout << Json{{"events", drained.events}, {"cpu_seconds", cpu},
                    {"resident_mb", resident},  {"looks", drained.looks},
                    {"doubts", drained.doubts}, {"missed", name == "floor" ? 0 : missed(directory, drained)}}
            << std::endl;
}

int run(const std::vector<std::string>& words) {
  const auto is = [&](const char* verb, size_t count) { return words.size() == count + 2 && words[1] == verb; };
  if (is("make", 2)) return make_watched(words[0], std::stoi(words[2]), std::stoi(words[3])), 0;
  if (is("ready", 1)) return ready(words[2], words[0]), 0;
  if (is("prepare", 2)) return prepare_storm(words[0], words[2], std::stoi(words[3])), 0;
  if (is("storm", 3)) return make_storm(words[0], words[2], std::stoi(words[3]), std::stoi(words[4])), 0;
  if (is("drain", 1)) return drain(words[2], words[0]), 0;
  std::cerr << "see the head of bench/watch/watching.cc\n";
  return 2;
}

}  // namespace
}  // namespace kedge

int main(int count, char** words) { return kedge::run({words + 1, words + count}); }
