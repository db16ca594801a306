// What /proc says of real processes, and of a folder that stands for it.
#include "host/processes.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "base/files.h"
#include "tests/host/own_network.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::Field;
using testing::IsEmpty;
using testing::Pair;

// A child begins as a copy of this program: until it runs its own.
Process running(const ChildProcess& child, const std::string& program) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < end) {
    auto process = read_process(child.pid());
    if (process && process->image && process->image->path == program) return *process;
    std::this_thread::yield();
  }
  ADD_FAILURE() << "it does not run " << program;
  return {};
}

TEST(Processes, KnowsThisOne) {
  const auto process = read_process(getpid());
  ASSERT_TRUE(process);
  EXPECT_EQ(process->parent, getppid());
  ASSERT_TRUE(process->image);
  EXPECT_EQ(process->image->path, fs::read_symlink("/proc/self/exe"));
  EXPECT_FALSE(process->image->is_deleted);
  struct stat status {};
  ASSERT_EQ(stat("/proc/self/exe", &status), 0);
  EXPECT_EQ(process->image->inode, status.st_ino);
  EXPECT_THAT(process_numbers(), Contains(getpid()));
  EXPECT_GT(process->started, 0U);
  EXPECT_GT(process->mounts, 0U);
}

TEST(Processes, OneThatIsGoneIsNoError) {
  auto child = ChildProcess::start({.command = {"/bin/true"}});
  ASSERT_TRUE(child);
  ASSERT_TRUE((*child)->wait());
  const pid_t gone = (*child)->pid();
  EXPECT_FALSE(read_process(gone));
  EXPECT_THAT(executable_mappings(gone), IsEmpty());
  EXPECT_THAT(environment_of(gone, {"PATH"}), IsEmpty());
}

TEST(Processes, SeesThatAProgramWasRemovedWhileItRuns) {
  const TemporaryDirectory place;
  const std::string program = place.path() / "sleeper";
  fs::copy_file("/bin/sleep", program);
  auto child = ChildProcess::start({.command = {program, "60"}});
  ASSERT_TRUE(child) << child.error().message;
  running(**child, program);
  fs::remove(program);
  const auto process = read_process((*child)->pid());
  ASSERT_TRUE(process && process->image);
  EXPECT_EQ(process->image->path, program);
  EXPECT_TRUE(process->image->is_deleted);
  EXPECT_FALSE(process->image->is_in_memory());
}

TEST(Processes, SeesMappingsThatCanBeRunAndNoOthers) {
  const int memory = memfd_create("implant", MFD_CLOEXEC);
  ASSERT_EQ(ftruncate(memory, 4096), 0);
  void* const run = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, memory, 0);
  ASSERT_NE(run, MAP_FAILED);
  const TemporaryDirectory place;
  const Descriptor plain(open(place.write("plain", "data").c_str(), O_RDONLY | O_CLOEXEC));
  void* const data = mmap(nullptr, 4, PROT_READ, MAP_PRIVATE, plain.get(), 0);
  ASSERT_NE(data, MAP_FAILED);
  const auto mapped = executable_mappings(getpid());
  const auto found = std::find_if(mapped.begin(), mapped.end(), [](const auto& one) {
    return one.file.path == "/memfd:implant" && one.file.is_deleted && one.file.is_in_memory();
  });
  ASSERT_NE(found, mapped.end());
  struct stat status {};
  ASSERT_EQ(stat(("/proc/self/map_files/" + found->place).c_str(), &status), 0);
  EXPECT_EQ(found->file.inode, status.st_ino);
  EXPECT_EQ(found->file.device, status.st_dev);
  for (const MappedFile& one : mapped) EXPECT_NE(one.file.path, (place.path() / "plain").string());
  munmap(run, 4096);
  munmap(data, 4);
  close(memory);
}

// A directory so deep that no single name leads to it, and a file in it.
Descriptor very_deep_file(const std::string& above) {
  const std::string name(250, 'd');
  Descriptor at(open(above.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (int depth = 0; depth < 20; ++depth) {
    mkdirat(at.get(), name.c_str(), 0700);
    at = Descriptor(openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  Descriptor file(openat(at.get(), "deep.so", O_RDWR | O_CREAT | O_CLOEXEC, 0700));
  return ftruncate(file.get(), 4096) == 0 ? std::move(file) : Descriptor();
}

TEST(Processes, AKernelThatIsAskedSaysWhatAllThatItListsDoes) {
  const TemporaryDirectory place;
  const Descriptor two_lines(open((place.path() / "two\nlines.so").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0700));
  const Descriptor deep = very_deep_file(place.path());
  ASSERT_EQ(ftruncate(two_lines.get(), 4096), 0);
  ASSERT_GE(deep.get(), 0);
  const auto same_both_ways = [](const std::string& part) {
    const auto asked = executable_mappings(getpid());
    const auto listed = parse_executable_mappings(*read_file("/proc/self/maps", kMapsBytesMax));
    EXPECT_THAT(asked, Contains(Field(&MappedFile::file, Field(&ImageFile::path, EndsWith(part)))));
    ASSERT_EQ(asked.size(), listed.size());
    for (size_t i = 0; i < asked.size(); ++i) {
      EXPECT_EQ(asked[i].file, listed[i].file);
      EXPECT_EQ(asked[i].place, listed[i].place);
    }
  };
  void* const first = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, two_lines.get(), 0);
  ASSERT_NE(first, MAP_FAILED);
  same_both_ways("/two\nlines.so");
  void* const second = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, deep.get(), 0);
  ASSERT_NE(second, MAP_FAILED);
  same_both_ways("/deep.so");  // who gives it such a name hides nothing
  munmap(first, 4096);
  munmap(second, 4096);
}

TEST(Processes, ReadsMapsWhateverTheNamesAre) {
  const auto mapped = parse_executable_mappings(
      "000055e0-000055e1 r-xp 00001000 fe:02 17                 /usr/bin/a b\n"
      "55e1-55e2 r-xp 00002000 fe:02 17                         /usr/bin/a b\n"
      "7f00-7f01 r-xp 00000000 00:01 1024                       /memfd:x (deleted) (deleted)\n"
      "7f01-7f02 r-xp 00000000 fe:02 18                         /tmp/two\\012lines.so\n"
      "7f02-7f03 rw-p 00000000 fe:02 19                         /tmp/data\n"
      "7f03-7f04 r-xp 00000000 00:00 0                          [vdso]\n"
      "7f04-7f05 rwxp 00000000 00:00 0 \n"
      "no line at all\n"
      "7f05-7f06 r-xp 00000000 fe:02");
  ASSERT_EQ(mapped.size(), 3U);
  EXPECT_EQ(mapped[0].file.path, "/usr/bin/a b");
  EXPECT_EQ(mapped[0].place, "55e0-55e1") << "map_files has no leading zeros";
  EXPECT_EQ(mapped[1].file.path, "/memfd:x (deleted)");
  EXPECT_TRUE(mapped[1].file.is_in_memory());
  EXPECT_EQ(mapped[2].file.path, "/tmp/two\nlines.so");
}

TEST(Processes, ReadsOfTheEnvironmentWhatIsAskedFor) {
  auto child = ChildProcess::start({.command = {"/bin/sleep", "60"}, .environment = {{"LD_AUDIT", ""}, {"X", "a=b"}}});
  ASSERT_TRUE(child);
  running(**child, fs::canonical("/bin/sleep"));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (environment_of((*child)->pid(), {"X"}).empty() && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();  // the kernel names the program first, and then its environment
  }
  EXPECT_THAT(environment_of((*child)->pid(), {"LD_AUDIT", "LD_PRELOAD", "X"}),
              ElementsAre(Pair("LD_AUDIT", ""), Pair("X", "a=b")));
}

TEST(Processes, ANameMayHoldBrackets) {
  const TemporaryDirectory place;
  place.write("7/stat", "7 (a) 1 (b) S 3 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0\n");
  const auto process = read_process(7, place.path().string());
  ASSERT_TRUE(process);
  EXPECT_EQ(process->name, "a) 1 (b");
  EXPECT_EQ(process->parent, 3);
  EXPECT_EQ(process->started, 4711U);
  EXPECT_FALSE(process->image);
}

TEST(Processes, KnowsWhoHoldsASocket) {
  const Descriptor listener = bound_socket(SOCK_STREAM, "127.0.0.1", 0);
  struct stat status {};
  ASSERT_EQ(fstat(listener.get(), &status), 0);
  const auto holders = holders_of_sockets({status.st_ino, 1});
  ASSERT_EQ(holders.size(), 1U);
  EXPECT_THAT(holders.at(status.st_ino), Contains(getpid()));
}

}  // namespace
}  // namespace kedge
