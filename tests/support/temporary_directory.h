// A directory that is there for one test.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace kedge {

// Made empty by the constructor, removed with all that is in it by the destructor. KEDGE_KEEP=1 leaves it and prints
// where it is. Not to be copied.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Writes a file below it, with the folders that lead there, and gives its path.
  std::filesystem::path write(const std::filesystem::path& name, std::string_view text) const;

  // What a file below it holds; empty when it is not there.
  std::string read(const std::filesystem::path& name) const;

 private:
  std::filesystem::path path_;
};

}  // namespace kedge
