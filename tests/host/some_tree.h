// A tree with an entry of every kind that this process may make, and what is asked of it in tests.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "host/scan.h"
#include "tests/support/temporary_directory.h"

namespace kedge {

inline const std::string kLineInName = "usr/two\nlines";
inline const std::string kNoUtf8 = "usr/\xff\xfe\x80";
inline const std::string kMarksInName = "usr/a [b]*?#=\\ \"'`";

class SomeTree {
 public:
  SomeTree() {
    EXPECT_EQ(chmod(root().c_str(), 0755), 0);
    for (const std::string& name :
         {std::string("etc/hosts"), std::string("usr/bin/tool"), kLineInName, kNoUtf8, kMarksInName}) {
      write(name, "what " + name + " holds");
    }
    write("empty", "");
    EXPECT_EQ(chmod(at("usr/bin/tool").c_str(), 0755), 0);
    EXPECT_EQ(symlink("usr/bin", at("bin").c_str()), 0);
    EXPECT_EQ(symlink("/no where\n", at("usr/dangling").c_str()), 0);
    EXPECT_EQ(link(at("etc/hosts").c_str(), at("etc/hosts.linked").c_str()), 0);
    EXPECT_EQ(mkfifo(at("fifo").c_str(), 0640), 0);
    EXPECT_EQ(mkdir(at("nothing").c_str(), 01777), 0);
    make_socket("socket");
  }

  std::string root() const { return directory_.path().string(); }
  std::string at(const std::string& path) const { return root() + "/" + path; }
  void write(const std::string& path, const std::string& text) const { directory_.write(path, text); }

  Scan scan(ScanOptions options = {}) const {
    options.threads = 3;
    auto scanned = scan_tree(root(), options);
    EXPECT_TRUE(scanned) << scanned.error().message;
    return *std::move(scanned);
  }
  std::vector<FileState> states() const {
    std::vector<FileState> states;
    for (const ScannedEntry& entry : scan().entries) states.push_back(entry.state);
    return states;
  }

  // Sets a file's mtime, with as much care for the nanoseconds as somebody who hides a change.
  void set_mtime(const std::string& path, FileTime time) const {
    const timespec times[2] = {{0, UTIME_OMIT},
                               {static_cast<time_t>(time.seconds), static_cast<long>(time.nanoseconds)}};
    EXPECT_EQ(utimensat(AT_FDCWD, at(path).c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
  }

 private:
  void make_socket(const std::string& path) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, at(path).c_str(), sizeof(address.sun_path) - 1);
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    close(listener);
  }

  TemporaryDirectory directory_;
};

inline const FileState* state_at(const std::vector<FileState>& states, const std::string& path) {
  const auto found =
      std::find_if(states.begin(), states.end(), [&](const FileState& state) { return state.path == path; });
  return found == states.end() ? nullptr : &*found;
}

}  // namespace kedge
