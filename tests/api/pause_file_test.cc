#include "api/pause_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/api/temporary_directory.h"

namespace kedge {
namespace {

using testing::TemporaryDirectory;

TEST(PauseFile, PausesFromTheMomentWhenItIsThereUntilItIsGone) {
  const TemporaryDirectory data;
  const auto file = PauseFile::open(data.path());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->paused(), std::nullopt);
  std::ofstream(data.path("pause")).close();
  ASSERT_TRUE(file->paused());
  EXPECT_NE(file->paused()->find(data.path("pause")), std::string::npos);
  std::filesystem::remove(data.path("pause"));
  EXPECT_EQ(file->paused(), std::nullopt);
}

TEST(PauseFile, PausesWhateverItIs) {
  const TemporaryDirectory data;
  const auto file = PauseFile::open(data.path());
  ASSERT_TRUE(file);
  std::filesystem::create_symlink("/nowhere", data.path("pause"));
  EXPECT_TRUE(file->paused());
  std::filesystem::remove(data.path("pause"));
  std::filesystem::create_directory(data.path("pause"));
  EXPECT_TRUE(file->paused());
}

TEST(PauseFile, IsAskedInTheDirectoryThatWasOpenedWhereverThatIsNow) {
  const TemporaryDirectory data;
  std::filesystem::create_directory(data.path("a"));
  const auto file = PauseFile::open(data.path("a"));
  ASSERT_TRUE(file);
  std::ofstream(data.path("a/pause")).close();
  std::filesystem::rename(data.path("a"), data.path("b"));
  EXPECT_TRUE(file->paused());
}

TEST(PauseFile, PausesWhenItCannotBeToldWhetherItIsThere) {
  const TemporaryDirectory data;
  const auto file = PauseFile::open(data.path());
  ASSERT_TRUE(file);
  std::filesystem::permissions(data.path(), std::filesystem::perms::none);
  constexpr uid_t kNobody = 65534;  // root may look into every directory
  const bool was_root = geteuid() == 0;
  ASSERT_EQ(was_root ? seteuid(kNobody) : 0, 0);
  EXPECT_TRUE(file->paused());
  ASSERT_EQ(was_root ? seteuid(0) : 0, 0);
  std::filesystem::permissions(data.path(), std::filesystem::perms::owner_all);
}

TEST(PauseFile, NeedsItsDirectory) { EXPECT_FALSE(PauseFile::open("/nowhere/at/all")); }

}  // namespace
}  // namespace kedge
