#include "bench/watch/writing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <vector>

namespace kedge {
namespace {

constexpr int kFilesOfAWriter = 1'000;  // to modify, or to rename

void make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0) fail_watching("cannot make " + path);
}

void write_file(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
  if (file < 0 || write(file, text.data(), text.size()) < 0) fail_watching("cannot write " + path);
  close(file);
}

std::string own(const std::string& directory, int writer) { return directory + "/writer" + std::to_string(writer); }

void one_writer(const std::string& directory, const std::string& kind, int count) {
  std::vector<int> turns(kFilesOfAWriter);
  for (int i = 0; i < count; ++i) {
    const auto number = static_cast<size_t>(i % kFilesOfAWriter);
    const std::string file = directory + "/f" + std::to_string(number);
    if (kind == "create") {
      write_file(directory + "/new" + std::to_string(i), "");
    } else if (kind == "modify") {
      write_file(file, "x");
    } else if (kind == "mkfile") {
      const std::string made = directory + "/d" + std::to_string(i);
      make_directory(made);
      write_file(made + "/f", "x");
    } else {
      const int turn = turns[number]++;
      const auto name = [&](int n) { return n == 0 ? file : file + "." + std::to_string(n); };
      if (std::rename(name(turn).c_str(), name(turn + 1).c_str()) != 0) fail_watching("cannot rename " + file);
    }
  }
}

}  // namespace

void make_watched(const std::string& directory, int directories, int files) {
  std::deque<std::string> next{directory};
  for (int made = 0; made < directories; next.pop_front()) {
    for (int i = 0; i < 10 && made < directories; ++i, ++made) {
      next.push_back(next.front() + "/directory" + std::to_string(i));
      make_directory(next.back());
      for (int f = 0; f < files; ++f) write_file(next.back() + "/file-number-" + std::to_string(f), "");
    }
  }
}

void prepare_storm(const std::string& directory, const std::string& kind, int writers) {
  for (int writer = 0; writer < writers; ++writer) {
    make_directory(own(directory, writer));
    const bool has_files = kind == "modify" || kind == "rename";
    for (int i = 0; has_files && i < kFilesOfAWriter; ++i) {
      write_file(own(directory, writer) + "/f" + std::to_string(i), "");
    }
  }
}

void make_storm(const std::string& directory, const std::string& kind, int count, int writers) {
  for (int writer = 0; writer < writers; ++writer) {
    if (fork() != 0) continue;
    one_writer(own(directory, writer), kind, count / writers);
    _exit(0);
  }
  int status = 0;
  for (int writer = 0; writer < writers; ++writer) {
    if (wait(&status) < 0 || status != 0) fail_watching("a writer failed");
  }
  write_file(directory + "/done", "");
}

void fail_watching(const std::string& why) {
  std::cerr << why << ": " << std::strerror(errno) << '\n';
  std::exit(1);
}

}  // namespace kedge
