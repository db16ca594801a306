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

TEST(LogDisk, HasWrittenWhatWasGivenEarlyWhenItHasSynced) {
  const TemporaryDirectory directory;
  const auto disk = open_log_disk(directory.path() / "log", directory.path());
  ASSERT_TRUE(disk) << disk.error().message;
  const auto path = [&](int i) { return (directory.path() / "log" / std::to_string(i)).string(); };
  for (int i = 0; i < 3000; ++i) (*disk)->write_early(path(i), std::make_shared<std::string>(std::to_string(i * i)));
  ASSERT_TRUE((*disk)->sync_all());
  for (int i = 0; i < 3000; ++i) ASSERT_EQ((*disk)->read(path(i), 100).value(), std::to_string(i * i));
}

TEST(LogDisk, TellsOnceAtItsNextSyncWhatCouldNotBeWrittenEarly) {
  const TemporaryDirectory directory;
  const auto disk = open_log_disk(directory.path() / "log", directory.path());
  ASSERT_TRUE(disk) << disk.error().message;
  std::filesystem::create_symlink("/dev/full", directory.path() / "log" / "full");
  const auto bytes = std::make_shared<std::string>("bytes");
  (*disk)->write_early(directory.path() / "log" / "full", bytes);
  (*disk)->write_early(directory.path() / "log" / "there", bytes);
  const auto done = (*disk)->sync_all();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::no_room);
  EXPECT_EQ((*disk)->read(directory.path() / "log" / "there", 100).value(), "bytes");
  EXPECT_TRUE((*disk)->sync_all());
}

TEST(LogDisk, HasRemovedFoldersWhenItHasSyncedAndMindsNoneThatIsNotThere) {
  const TemporaryDirectory directory;
  const auto disk = open_log_disk(directory.path() / "log", directory.path());
  ASSERT_TRUE(disk) << disk.error().message;
  const std::filesystem::path folder = directory.path() / "log" / "000.p";
  ASSERT_TRUE((*disk)->make_directory(folder));
  for (const char* width : {"1", "17", "255"}) ASSERT_TRUE((*disk)->write(folder / width, "bytes"));
  (*disk)->remove_folder_early(folder);
  (*disk)->remove_folder_early(directory.path() / "log" / "001.p");
  ASSERT_TRUE((*disk)->sync_all());
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(LogDisk, EndsWhileItStillHasWhatWasGivenEarly) {
  const TemporaryDirectory directory;
  auto disk = open_log_disk(directory.path() / "log", directory.path());
  ASSERT_TRUE(disk) << disk.error().message;
  const auto bytes = std::make_shared<std::string>(100'000, 'x');
  for (int i = 0; i < 100; ++i) (*disk)->write_early(directory.path() / "log" / std::to_string(i), bytes);
  disk->reset();
  EXPECT_EQ(std::filesystem::file_size(directory.path() / "log" / "99"), bytes->size());
}

TEST(LogDisk, OverwritesWhatAFileHasAndNothingElseOfIt) {
  const TemporaryDirectory directory;
  const auto disk = open_log_disk(directory.path() / "log", directory.path());
  ASSERT_TRUE(disk) << disk.error().message;
  const std::string path = directory.path() / "head";
  EXPECT_EQ((*disk)->overwrite(path, 0, "12").error().code, ErrorCode::not_found);
  ASSERT_TRUE((*disk)->write(path, "0123456789"));
  ASSERT_TRUE((*disk)->sync_all());
  ASSERT_TRUE((*disk)->overwrite(path, 3, "abc"));
  EXPECT_EQ((*disk)->read(path, 100).value(), "012abc6789");
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
