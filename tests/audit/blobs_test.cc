#include "audit/blobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using testing::ElementsAre;

constexpr const char* kPath = "blobs/ba/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";  // of "abc"

TEST(Blobs, LieUnderTheNamesOfTheirDigests) {
  EXPECT_EQ(blob_path(sha256("abc")), kPath);
  EXPECT_EQ(parse_blob_path(kPath), sha256("abc"));
  const std::string path = kPath;
  for (const std::string& other :
       {path + "0", path.substr(0, path.size() - 1), "blot" + path.substr(4), std::string("blobs/ba"), std::string(),
        "blobs/BA" + path.substr(8), "blobs/ba0" + path.substr(9), path.substr(0, path.size() - 1) + "g"}) {
    EXPECT_FALSE(parse_blob_path(other)) << other;
  }
}

TEST(Blobs, AreReadOnlyAsTheBytesOfTheirDigest) {
  TemporaryDirectory directory;
  EXPECT_EQ(read_blob(directory.path(), sha256("abc")).error().code, ErrorCode::not_found);
  directory.write(kPath, "abc");
  EXPECT_EQ(*read_blob(directory.path(), sha256("abc")), "abc");
  directory.write(kPath, "abd");
  EXPECT_EQ(read_blob(directory.path(), sha256("abc")).error().code, ErrorCode::corrupt);
}

TEST(Blobs, AreListedBelowTheirFolderAlone) {
  TemporaryDirectory directory;
  std::vector<std::string> found;
  const auto note = [&](const std::string& path) { found.push_back(path); };
  ASSERT_TRUE(list_blobs(directory.path(), note));
  EXPECT_TRUE(found.empty());
  directory.write(kPath, "abc");
  directory.write("tile/entries/000", "");
  ASSERT_TRUE(list_blobs(directory.path(), note));
  EXPECT_THAT(found, ElementsAre(kPath));
}

}  // namespace
}  // namespace kedge
