#include "audit/log_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/needs.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using testing::ElementsAre;

std::vector<dev_t> synced;  // file systems, in their order

dev_t file_system_of(const std::filesystem::path& path) {
  struct stat seen {};
  EXPECT_EQ(stat(path.c_str(), &seen), 0) << path;
  return seen.st_dev;
}

}  // namespace
}  // namespace kedge

// In the place of the C library's, which nobody could look at.
extern "C" int syncfs(int file) {
  struct stat seen {};
  if (fstat(file, &seen) == 0) kedge::synced.push_back(seen.st_dev);
  return static_cast<int>(syscall(SYS_syncfs, file));
}

namespace kedge {
namespace {

// A directory in memory, as nearly every Linux has one.
Result<std::filesystem::path> on_another_file_system(const TemporaryDirectory& directory) {
  const std::filesystem::path memory = "/dev/shm";
  std::error_code failure;
  if (!std::filesystem::is_directory(memory, failure) || file_system_of(memory) == file_system_of(directory.path())) {
    return Error{ErrorCode::not_found, "there is no other file system in /dev/shm"};
  }
  return memory;
}

TEST(LogDisk, SyncsTheFileSystemOfALogAndItsHeadOnce) {
  const TemporaryDirectory directory;
  const auto disk = open_log_disk(directory.path() / "log", directory.path());
  ASSERT_TRUE(disk) << disk.error().message;
  synced.clear();
  ASSERT_TRUE((*disk)->sync_all());
  EXPECT_THAT(synced, ElementsAre(file_system_of(directory.path())));
}

TEST(LogDisk, SyncsBothWhereTheHeadLiesOnAnother) {
  const TemporaryDirectory directory;
  const auto other = on_another_file_system(directory);
  KEDGE_NEEDS(other);
  const auto disk = open_log_disk(directory.path() / "log", *other);
  ASSERT_TRUE(disk) << disk.error().message;
  synced.clear();
  ASSERT_TRUE((*disk)->sync_all());
  EXPECT_THAT(synced, ElementsAre(file_system_of(directory.path()), file_system_of(*other)));
}

TEST(LogDisk, IsNotOpenedWhereTheHeadHasNoDirectory) {
  const TemporaryDirectory directory;
  const auto disk = open_log_disk(directory.path() / "log", directory.path() / "none");
  ASSERT_FALSE(disk);
  EXPECT_EQ(disk.error().code, ErrorCode::not_found);
  EXPECT_THAT(disk.error().message, testing::HasSubstr("none"));
}

}  // namespace
}  // namespace kedge
