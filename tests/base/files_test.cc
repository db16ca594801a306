#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

namespace kedge {
namespace {

TEST(Files, AreReplacedWholeAndWithTheModeAskedFor) {
  const std::string path = testing::TempDir() + "kedge_files_test";
  std::filesystem::remove(path);
  ASSERT_TRUE(write_file_atomically(path, "one", 0600).ok());
  ASSERT_TRUE(write_file_atomically(path, "two", 0600).ok());
  EXPECT_EQ(*read_file(path), "two");
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(Files, ThatAreMissingOrTooLargeAreNamed) {
  EXPECT_EQ(read_file("/nonexistent/x").error().code, ErrorCode::not_found);
  const std::string path = testing::TempDir() + "kedge_files_test_large";
  ASSERT_TRUE(write_file_atomically(path, "12345").ok());
  EXPECT_EQ(read_file(path, 4).error().code, ErrorCode::limit);
}

TEST(Files, AreReadToTheirEndWhateverTheySayToBe) {
  const std::string path = testing::TempDir() + "kedge_files_test_length";
  for (const size_t size : {0, 1, 65535, 65536, 65537, 200000}) {
    const std::string bytes(size, 'x');
    ASSERT_TRUE(write_file_atomically(path, bytes).ok());
    EXPECT_EQ(*read_file(path), bytes);
    EXPECT_EQ(*read_file(path, size), bytes);
    if (size > 0) {
      EXPECT_EQ(read_file(path, size - 1).error().code, ErrorCode::limit);
    }
  }
  EXPECT_GT(read_file("/proc/self/maps")->size(), 0U);  // says to be empty
  EXPECT_EQ(read_file("/dev/zero", 1000).error().code, ErrorCode::limit);
}

}  // namespace
}  // namespace kedge
