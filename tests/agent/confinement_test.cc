// A confined process, each in a child of its own: there is no way back.
#include "agent/confinement.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <sched.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <thread>

#include "base/files.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kConfined = 100, kNotConfined = 101;

// What a sanitizer's runtime needs is not what a sensor needs.
constexpr bool is_sanitized() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
  return __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
  return false;
#endif
}

// How a child ends that confines itself and then does this: with what it gives, or by a signal.
Exit confined(const std::function<int()>& deed, ConfinementOptions options = {}) {
  const pid_t child = fork();
  if (child == 0) {
    if (options.capabilities.empty()) options.capabilities = {"dac_read_search", "sys_admin", "sys_ptrace"};
    if (!confine(options)) _exit(kNotConfined);
    _exit(deed());
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

// 0, or the number of the error.
int outcome(bool good) { return good ? 0 : errno; }

const Exit kKilled{0, SIGSYS};

class Confinement : public testing::Test {
 protected:
  void SetUp() override {
    if (is_sanitized()) GTEST_SKIP() << "a sanitizer needs other calls";
    const Exit tried = confined([] { return kConfined; });
    ASSERT_EQ(tried, (Exit{kConfined, 0})) << "this process cannot be confined";
  }
};

TEST_F(Confinement, WhatOnlyAnIntruderNeedsKills) {
  EXPECT_EQ(confined([] { return execl("/bin/true", "true", nullptr); }), kKilled);
  EXPECT_EQ(confined([] { return listen(socket(AF_INET, SOCK_STREAM, 0), 1); }), kKilled);
  EXPECT_EQ(confined([] { return mount("none", "/mnt", "tmpfs", 0, nullptr); }), kKilled);
  EXPECT_EQ(confined([] { return unshare(CLONE_NEWUSER); }), kKilled);
  EXPECT_EQ(confined([] { return static_cast<int>(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }), kKilled);
}

TEST_F(Confinement, WhatASensorDoesNotDoFails) {
  EXPECT_EQ(confined([] { return outcome(chmod("/tmp", 01777) == 0); }), (Exit{EPERM, 0}));
  EXPECT_EQ(confined([] { return outcome(chown("/tmp", 0, 0) == 0); }), (Exit{EPERM, 0}));
  EXPECT_EQ(confined([] { return outcome(link("/etc/hostname", "/tmp/kedge-linked") == 0); }), (Exit{EPERM, 0}));
  EXPECT_EQ(confined([] { return outcome(socket(AF_PACKET, SOCK_RAW, 0) >= 0); }), (Exit{EPERM, 0}));
  EXPECT_EQ(confined([] { return outcome(fork() > 0); }), (Exit{EPERM, 0}));
  EXPECT_EQ(confined([] { return outcome(kill(getppid(), 0) == 0); }), (Exit{EPERM, 0}));
  EXPECT_EQ(confined([] {
              void* const page = mmap(nullptr, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              return outcome(page != MAP_FAILED);
            }),
            (Exit{EPERM, 0}));
  EXPECT_EQ(confined([] {
              void* const page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              return outcome(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
            }),
            (Exit{EPERM, 0}));
}

TEST_F(Confinement, WhatASensorDoesGoesOn) {
  const TemporaryDirectory place;
  const std::string others = place.write("others", "text").string();
  if (geteuid() == 0) {
    ASSERT_EQ(chown(others.c_str(), 65'534, 65'534), 0);
    ASSERT_EQ(chmod(others.c_str(), 0), 0);
  }
  EXPECT_EQ(confined([&] {
              const bool wrote = write_file_atomically(place.path() / "file", "text").ok();
              const bool read = read_file(place.path() / "file").ok() && read_file(others).ok();
              std::thread thread([] {});
              thread.join();
              const bool watches = inotify_add_watch(inotify_init1(IN_CLOEXEC), place.path().c_str(), IN_CREATE) >= 0;
              const bool asks = socket(AF_NETLINK, SOCK_RAW, 4) >= 0 && socket(AF_INET6, SOCK_STREAM, 0) >= 0;
              return wrote && read && watches && asks ? kConfined : 1;
            }),
            (Exit{kConfined, 0}));
}

TEST_F(Confinement, KeepsTheseCapabilitiesAndNoOthers) {
  if (!has_capability("sys_admin")) GTEST_SKIP() << "this process has none";
  const auto has_those = [] {
    const bool kept = has_capability("dac_read_search") && has_capability("sys_admin") && has_capability("sys_ptrace");
    const bool lost = !has_capability("dac_override") && !has_capability("sys_module") && !has_capability("net_admin");
    return kept && lost ? kConfined : 1;
  };
  EXPECT_EQ(confined(has_those), (Exit{kConfined, 0}));
  const auto is_marked = [] {
    const auto status = read_file("/proc/self/status", 1U << 16U);
    const bool marked = status && status->find("NoNewPrivs:\t1") != std::string::npos &&
                        status->find("Seccomp:\t2") != std::string::npos &&
                        status->find("CapEff:\t0000000000280004") != std::string::npos &&
                        status->find("CapPrm:\t0000000000280004") != std::string::npos &&
                        status->find("CapInh:\t0000000000000000") != std::string::npos;
    return marked ? kConfined : 1;
  };
  EXPECT_EQ(confined(is_marked), (Exit{kConfined, 0}));
}

TEST_F(Confinement, WithoutAFilterOnlyTheCapabilitiesAreLowered) {
  ConfinementOptions options;
  options.filter = ConfinementOptions::Filter::off;
  EXPECT_EQ(confined([] { return execl("/bin/true", "true", nullptr); }, options), Exit{});
  EXPECT_EQ(confined([] { return has_capability("dac_override") ? 1 : kConfined; }, options), (Exit{kConfined, 0}));
  options.filter = ConfinementOptions::Filter::log;
  EXPECT_EQ(confined([] { return outcome(chmod("/tmp", 01777) == 0); }, options).signal, 0);
  EXPECT_EQ(confined([] { return execl("/bin/true", "true", nullptr); }, options), Exit{});
}

TEST_F(Confinement, AProcessWithThreadsIsLeftAsItIs) {
  bool over = false;
  const pid_t child = fork();
  if (child == 0) {
    std::thread thread([&] {
      while (!*static_cast<volatile bool*>(&over)) sched_yield();
    });
    const auto done = confine({});
    _exit(!done && done.error().message.find("threads") != std::string::npos ? kConfined : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), kConfined);
}

}  // namespace
}  // namespace kedge
