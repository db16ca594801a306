#include "api/local_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "tests/api/temporary_directory.h"

namespace kedge {
namespace {

using testing::TemporaryDirectory;

class LocalSocketTest : public ::testing::Test {
 protected:
  LocalSocketTest() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    here_ = Descriptor(ends[0]);
    there_ = Descriptor(ends[1]);
  }
  Deadline patience(Duration duration = std::chrono::seconds(20)) { return {clock_, clock_.elapsed() + duration}; }

  SystemClock clock_;
  Descriptor here_, there_;
};

TEST_F(LocalSocketTest, ReadsALineThatComesInPieces) {
  std::thread writer([&] {
    for (const char* piece : {"hel", "lo", "\nrest"}) EXPECT_TRUE(write_all(there_, piece, patience()));
  });
  EXPECT_EQ(*read_line(here_, 100, patience()), "hello");
  writer.join();
}

TEST_F(LocalSocketTest, WritesMoreThanTheKernelKeeps) {
  const std::string large(4U << 20U, 'x');
  std::thread writer([&] { EXPECT_TRUE(write_all(there_, large + "\n", patience())); });
  EXPECT_EQ(read_line(here_, large.size(), patience())->size(), large.size());
  writer.join();
}

TEST_F(LocalSocketTest, ReadsNoMoreThanItsLimit) {
  ASSERT_TRUE(write_all(there_, std::string(101, 'x'), patience()));
  EXPECT_EQ(read_line(here_, 100, patience()).error().code, ErrorCode::limit);
}

TEST_F(LocalSocketTest, DoesNotWaitForEverForALine) {
  ASSERT_TRUE(write_all(there_, "half", patience()));
  EXPECT_EQ(read_line(here_, 100, patience(std::chrono::milliseconds(1))).error().code, ErrorCode::timeout);
}

TEST_F(LocalSocketTest, SaysWhenTheOtherSideHangsUp) {
  ASSERT_TRUE(write_all(there_, "half", patience()));
  there_ = Descriptor();
  EXPECT_EQ(read_line(here_, 100, patience()).error().code, ErrorCode::unavailable);
}

TEST(ListenAt, MakesASocketForItsOwnerAlone) {
  const TemporaryDirectory data;
  const auto listening = listen_at(data.path("s"), "");
  ASSERT_TRUE(listening) << listening.error().message;
  struct stat status {};
  ASSERT_EQ(stat(data.path("s").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600);
}

TEST(ListenAt, OpensItToAGroup) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may give a file to any group";
  const TemporaryDirectory data;
  const auto listening = listen_at(data.path("s"), "daemon");
  ASSERT_TRUE(listening) << listening.error().message;
  struct stat status {};
  ASSERT_EQ(stat(data.path("s").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660);
  EXPECT_NE(status.st_gid, 0);
}

TEST(ListenAt, NamesAGroupThatIsNotThere) {
  const TemporaryDirectory data;
  EXPECT_THAT(listen_at(data.path("s"), "no-such-group").error().message, ::testing::HasSubstr("'no-such-group'"));
}

TEST(ListenAt, TakesThePlaceOfWhatADeadProcessLeft) {
  const TemporaryDirectory data;
  { const auto dead = listen_at(data.path("s"), ""); }
  EXPECT_EQ(connect_to(data.path("s")).error().code, ErrorCode::not_found);
  const auto listening = listen_at(data.path("s"), "");
  ASSERT_TRUE(listening) << listening.error().message;
  EXPECT_TRUE(connect_to(data.path("s")));
}

TEST(ListenAt, RefusesAPathThatIsTooLongForASocket) {
  EXPECT_EQ(listen_at("/tmp/" + std::string(200, 'x'), "").error().code, ErrorCode::limit);
}

TEST(ConnectTo, SaysThatThereIsNobody) {
  const TemporaryDirectory data;
  EXPECT_EQ(connect_to(data.path("s")).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace kedge
