// A directory of a test's own, with a path short enough for sockets.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace kedge::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = "/tmp/kedge-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string path(const std::string& name = "") const { return name.empty() ? path_ : path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace kedge::testing
