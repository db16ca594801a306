#include "host/host_root.h"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "host/overlay_root.h"
#include "tests/host/small_host.h"
#include "tests/support/child_process.h"
#include "tests/support/namespaces.h"
#include "tests/support/needs.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class HostRootTest : public testing::Test {
 protected:
  void SetUp() override {
    KEDGE_NEEDS(may_make_namespaces());
    host.emplace();
  }
  HostRoot::Sight look() {
    auto sight = host->open()->look();
    EXPECT_TRUE(sight) << sight.error().message;
    return *std::move(sight);
  }
  HostRootState state() { return *host->open()->state(); }

  // It runs once, from that generation, and nothing else is left of what was tried.
  void expect_runs(uint64_t generation, const std::string& answer, std::vector<uint64_t> former) {
    EXPECT_EQ(host->answer_in_time(), answer);
    EXPECT_EQ(host->running("service"), 1U);
    const HostRootState now = state();
    EXPECT_FALSE(now.next);
    ASSERT_TRUE(now.current);
    EXPECT_EQ(now.current->number, generation);
    std::vector<std::string> points = {host->options.directory + "/generations/" + std::to_string(generation) +
                                       "/root"};
    std::vector<std::string> places = {std::to_string(generation)};
    std::vector<uint64_t> kept;
    for (const FormerRoot& one : now.former) kept.push_back(one.generation.number);
    EXPECT_EQ(kept, former);
    for (const uint64_t number : former) {
      points.push_back(host->options.directory + "/generations/" + std::to_string(number) + "/upper");
      places.push_back(std::to_string(number));
    }
    EXPECT_THAT(host->mounts(), testing::UnorderedElementsAreArray(points));
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(host->options.directory + "/generations")) {
      found.push_back(entry.path().filename().string());
    }
    EXPECT_THAT(found, testing::UnorderedElementsAreArray(places));
    EXPECT_EQ(std::filesystem::read_symlink(host->options.directory + "/root"),
              "generations/" + std::to_string(generation) + "/root");
  }

  std::optional<SmallHost> host;
};

TEST_F(HostRootTest, RunsFromItsImageWithItsOwnIdentity) {
  host->start();
  expect_runs(1, "golden", {});
  EXPECT_EQ(*read_file(host->at("etc/machine-id")), "of the host");
  const auto sight = look();
  EXPECT_TRUE(sight.is_running);
  EXPECT_THAT(sight.drift, IsEmpty());
  EXPECT_THAT(sight.faults, IsEmpty());
}

TEST_F(HostRootTest, IsGivenNothingOfHowItsKeeperWasStarted) {
  const mode_t mask = umask(0077);  // as a service of systemd's has it
  const auto hang_up = std::signal(SIGHUP, SIG_IGN);
  host->start();
  umask(mask);
  std::signal(SIGHUP, hang_up);
  const auto status = read_file("/proc/" + std::to_string(state().current->process.number) + "/status");
  ASSERT_TRUE(status);
  EXPECT_THAT(*status, HasSubstr("\nUmask:\t0022\n"));
  const uint64_t ignored = std::stoull(status->substr(status->find("\nSigIgn:\t") + 9), nullptr, 16);
  EXPECT_EQ(ignored & (1U << (SIGHUP - 1U)), 0U);
}

TEST_F(HostRootTest, IsRefusedWhereItsDirectoryCannotCarryOne) {
  const TemporaryDirectory place;
  const std::string at = place.path().string();
  ASSERT_TRUE(mount_overlay(at, {host->options.image}));
  host->options.directory = at + "/root/host";  // on an overlay: that is none of the file systems for it
  std::filesystem::create_directories(host->options.directory);
  const auto started = host->open()->start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::refused);
  EXPECT_THAT(started.error().message, HasSubstr("must lie on ext4, xfs, btrfs or tmpfs"));
  EXPECT_TRUE(unmount_at(at + "/root"));
}

TEST_F(HostRootTest, StartsOnceHoweverOftenItIsAsked) {
  host->start();
  const auto before = state();
  host->start();
  EXPECT_EQ(state(), before);
}

TEST_F(HostRootTest, IsStartedAgainAsItWasLeft) {
  host->start();
  host->write("etc/motd", "changed");
  ASSERT_TRUE(end_process(state().current->process, host->clock, std::chrono::seconds(10)));
  EXPECT_FALSE(look().is_running);
  for (const std::string& point : host->mounts()) ASSERT_EQ(umount2(point.c_str(), 2), 0);  // as after a new boot
  host->start();
  expect_runs(1, "changed", {});
}

TEST_F(HostRootTest, TellsWhatItsHostHasChanged) {
  host->start();
  host->mutate();
  std::vector<std::string> lines;
  for (const Difference& difference : look().drift) lines.push_back(to_text(difference).substr(0, 25));
  EXPECT_THAT(lines, ElementsAre("modified etc/motd: sha256", "added usr/bin/implant", "added usr/bin/rootshell",
                                 HasSubstr("modified usr/bin/tool")));
}

TEST_F(HostRootTest, IsReplacedWithAllThatRanInIt) {
  host->start();
  host->mutate();
  const auto replaced = host->open()->replace("r1");
  ASSERT_TRUE(replaced) << replaced.error().message;
  EXPECT_EQ(replaced->generation, 2U);
  EXPECT_THAT(replaced->notes, IsEmpty());
  expect_runs(2, "golden", {1});
  EXPECT_EQ(host->running("implant"), 0U);
  EXPECT_THAT(look().drift, IsEmpty());
  EXPECT_EQ(*read_file(host->at("etc/machine-id")), "of the host");
}

TEST_F(HostRootTest, LeavesItsImageAlone) {
  host->start();
  host->mutate();
  ASSERT_TRUE(host->open()->replace("r1"));
  const auto golden = parse_manifest(*read_file(host->options.manifest), "golden");
  ScanOptions scanning;
  scanning.excludes = golden->manifest.excludes;
  const auto scan = scan_tree(host->options.image, scanning);
  ASSERT_TRUE(scan);
  std::vector<FileState> states;
  for (const ScannedEntry& entry : scan->entries) states.push_back(entry.state);
  EXPECT_EQ(states, golden->manifest.entries);
}

TEST_F(HostRootTest, KeepsWhatWasChangedReadOnlyWithItsDigest) {
  host->start();
  host->mutate();
  const auto replaced = host->open()->replace("r1");
  ASSERT_TRUE(replaced) << replaced.error().message;
  ASSERT_TRUE(replaced->former);
  EXPECT_EQ(replaced->former->differences, 4U);
  EXPECT_EQ(replaced->former->replaced_for, "r1");
  const std::string place = host->options.directory + "/generations/1";
  EXPECT_EQ(*read_file(place + "/upper/usr/bin/tool"), "a trojan");
  EXPECT_EQ(*read_file(place + "/upper/etc/motd"), "owned");
  const auto manifest = read_file(place + "/drift.manifest");
  ASSERT_TRUE(manifest);
  EXPECT_EQ(sha256(*manifest), replaced->former->drift);
  EXPECT_TRUE(parse_manifest(*manifest, "drift"));
  EXPECT_THAT(*read_file(place + "/drift.txt"), HasSubstr("added usr/bin/rootshell\n"));
  std::ofstream wiped(place + "/upper/etc/motd");
  EXPECT_FALSE(wiped) << "it can be written to";
}

TEST_F(HostRootTest, KeepsNoMoreFormerOnesThanItMay) {
  host->options.former_max = 2;
  host->start();
  for (const char* cause : {"r1", "r2", "r3"}) ASSERT_TRUE(host->open()->replace(cause));
  expect_runs(4, "golden", {2, 3});
}

TEST_F(HostRootTest, GoesBackToWhatWasReplaced) {
  host->start();
  host->mutate();
  const auto replaced = host->open()->replace("r1");
  ASSERT_TRUE(replaced);
  const auto back = host->open()->go_back_to(1, replaced->former->drift, "r1");
  ASSERT_TRUE(back) << back.error().message;
  expect_runs(1, "owned", {2});
  EXPECT_THAT(look().drift, SizeIs(4));
  host->write("etc/motd", "and it can be written to");
  EXPECT_EQ(host->answer(), "and it can be written to");
}

TEST_F(HostRootTest, DoesNotGoBackToWhatIsNotAsItWasKept) {
  host->start();
  host->mutate();
  const auto replaced = host->open()->replace("r1");
  ASSERT_TRUE(replaced);
  const std::string upper = host->options.directory + "/generations/1/upper";
  ASSERT_EQ(umount2(upper.c_str(), 0), 0);
  std::ofstream(upper + "/etc/motd") << "another";
  EXPECT_EQ(host->open()->go_back_to(1, replaced->former->drift, "r1").error().code, ErrorCode::refused);
  EXPECT_EQ(host->open()->go_back_to(7, replaced->former->drift, "r1").error().code, ErrorCode::refused);
  EXPECT_EQ(host->answer(), "golden");
}

// An image that is a file: one of the file systems that are made to be read only.
struct ImageKind {
  const char* name;
  std::vector<std::string> command;  // the file, then the directory, in place of FILE and DIRECTORY
};

class HostRootOfAFile : public HostRootTest, public testing::WithParamInterface<ImageKind> {
 protected:
  void SetUp() override {
    HostRootTest::SetUp();
    if (host) KEDGE_NEEDS(make());
  }
  Result<void> make() {
    const std::string file = host->options.image + "." + GetParam().name;
    std::vector<std::string> command = GetParam().command;
    for (std::string& word : command) {
      if (word == "FILE") word = file;
      if (word == "DIRECTORY") word = host->options.image;
    }
    const auto ran = run({.command = command});
    if (!ran) return ran.error();
    if (ran->exit.code == 127) return Error{ErrorCode::not_found, "there is no " + command.front()};
    if (ran->exit != Exit()) return Error{ErrorCode::internal, ran->output};
    host->options.image = file;
    return {};
  }
};

TEST_P(HostRootOfAFile, IsReplacedAsOthersAre) {
  host->start();
  host->mutate();
  const auto replaced = host->open()->replace("r1");
  ASSERT_TRUE(replaced) << replaced.error().message;
  EXPECT_EQ(replaced->former->differences, 4U);
  EXPECT_EQ(host->answer(), "golden");
  EXPECT_EQ(host->running("implant"), 0U);
  EXPECT_THAT(look().drift, IsEmpty());
  std::ofstream changed(host->options.directory + "/image/etc/motd");
  EXPECT_FALSE(changed) << "the image can be written to";
}

INSTANTIATE_TEST_SUITE_P(Kinds, HostRootOfAFile,
                         testing::Values(ImageKind{"erofs", {"mkfs.erofs", "--quiet", "FILE", "DIRECTORY"}},
                                         ImageKind{"squashfs",
                                                   {"mksquashfs", "DIRECTORY", "FILE", "-quiet", "-no-progress"}}),
                         [](const auto& one) { return one.param.name; });

// What is wrong with the image is found before the host is touched.
class UntrustedImage : public HostRootTest {
 protected:
  void expect_refused(const std::string& why) {
    const auto before = state();
    const auto replaced = host->open()->replace("r1");
    ASSERT_FALSE(replaced);
    EXPECT_EQ(replaced.error().code, ErrorCode::refused);
    EXPECT_THAT(replaced.error().message, HasSubstr(why));
    EXPECT_EQ(state().current, before.current) << "the host was touched";
    expect_runs(1, "owned", {});
  }
  void SetUp() override {
    HostRootTest::SetUp();
    if (!host) return;
    host->start();
    host->mutate();
  }
};

TEST_F(UntrustedImage, WithoutASignatureIsNotStarted) {
  std::string text = *read_file(host->options.manifest);
  std::ofstream(host->options.manifest) << text.substr(0, text.find("#note"));
  expect_refused("it is unsigned");
}

TEST_F(UntrustedImage, SignedByAnotherIsNotStarted) {
  host->options.keys = {SigningKey::from_seed("golden.example.com", std::string(32, 'x'))->verifier()};
  expect_refused("golden.manifest");
}

TEST_F(UntrustedImage, OfWhichTheManifestSaysOtherwiseIsNotStarted) {
  std::ofstream(host->image("sbin/added")) << "backdoor";
  expect_refused("added sbin/added");
}

TEST_F(UntrustedImage, UnderAnIdentityThatIsMoreIsNotStarted) {
  std::filesystem::create_directories(host->options.identity + "/sbin");
  std::ofstream(host->options.identity + "/sbin/added") << "backdoor";
  expect_refused("added sbin/added");
}

TEST_F(UntrustedImage, ThatBrokeSinceTheHostWasStartedIsNotStarted) {
  host->options.start = {"/sbin/not-there"};
  expect_refused("cannot run its command");
}

class UnhealthyRoot : public HostRootTest {
 protected:
  void expect_old_one_runs_again(const std::string& why) {
    const auto replaced = host->open()->replace("r1");
    ASSERT_FALSE(replaced);
    EXPECT_EQ(replaced.error().code, ErrorCode::refused);
    EXPECT_THAT(replaced.error().message, HasSubstr(why));
    const std::string answer = host->answer_in_time();
    EXPECT_NE(answer, "");
    expect_runs(1, answer, {});
  }
};

TEST_F(UnhealthyRoot, GivesWayToTheOldOne) {
  host->start();
  host->mutate();
  host->options.health = {"/sbin/service", "ask", "81"};
  host->options.health_deadline = std::chrono::milliseconds(300);
  expect_old_one_runs_again("it is not healthy after 300ms: /sbin/service ended with 1");
  EXPECT_EQ(host->answer(), "owned");
}

TEST_F(UnhealthyRoot, OfWhichTheFirstProcessEndsGivesWayAtOnce) {
  host->start();
  host->options.health = {"/sbin/service", "ask", "81"};
  host->options.health_deadline = std::chrono::minutes(5);
  host->options.before_step = [&](std::string_view step) {
    if (step != "ask for its health") return;
    (void)end_process(host->open()->state()->next->generation.process, host->clock, std::chrono::seconds(10));
  };
  expect_old_one_runs_again("its first process has ended");
}

TEST_F(UnhealthyRoot, ThatChangesItselfAtItsStartGivesWayToTheOldOne) {
  host->start();
  host->options.before_step = [&](std::string_view step) {
    if (step != "hold it against the manifest") return;
    std::ofstream(host->options.directory + "/generations/2/root/usr/bin/tool") << "changed at its start";
  };
  expect_old_one_runs_again("it is not what its manifest says any more: modified usr/bin/tool");
}

// --- killed at each step

class KilledHostRoot : public HostRootTest {
 protected:
  // What is done, in a process that kills itself at one of its steps. Whether it came to its end instead.
  bool killed_at(int number, const std::function<void(HostRoot&)>& what) {
    const pid_t child = fork();
    if (child == 0) {
      int steps = 0;
      host->options.before_step = [&](std::string_view) {
        if (++steps == number) kill(getpid(), SIGKILL);
      };
      what(*host->open());
      _exit(0);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) || WTERMSIG(status) == SIGKILL);
    return !WIFEXITED(status);
  }
  // From the beginning, for each step; `expect` tells what must stand in the end.
  void kill_at_each(const std::function<void()>& begin, const std::function<void(HostRoot&)>& what,
                    const std::function<void()>& end, int steps_min) {
    int number = 0;
    for (bool was_killed = true; was_killed;) {
      SCOPED_TRACE("killed at step " + std::to_string(++number));
      host.reset();
      host.emplace();
      begin();
      was_killed = killed_at(number, what);
      end();
      if (HasFatalFailure()) return;
    }
    EXPECT_GE(number, steps_min);
  }
};

TEST_F(KilledHostRoot, IsReplacedOnceByWhoeverGoesOn) {
  kill_at_each(
      [&] {
        host->start();
        host->mutate();
      },
      [](HostRoot& root) { (void)root.replace("r1"); },
      [&] {
        const bool was_done = state().current->number == 2 && !state().next;
        if (!was_done) {
          const auto replaced = host->open()->replace("r1");
          ASSERT_TRUE(replaced) << replaced.error().message;
        }
        const HostRootState now = state();
        ASSERT_THAT(now.former, SizeIs(1));
        EXPECT_EQ(now.former[0].differences, 4U);
        const std::string manifest = *read_file(host->options.directory + "/generations/1/drift.manifest");
        EXPECT_EQ(sha256(manifest), now.former[0].drift);
        EXPECT_EQ(host->running("implant"), 0U);
        expect_runs(now.current->number, "golden", {1});
      },
      15);
}

TEST_F(KilledHostRoot, IsOneOrTheOtherAfterANewBoot) {
  kill_at_each(
      [&] {
        host->start();
        host->mutate();
      },
      [](HostRoot& root) { (void)root.replace("r1"); },
      [&] {
        host->start();
        const HostRootState now = state();
        if (now.former.empty()) {
          expect_runs(1, "owned", {});
        } else {
          expect_runs(2, "golden", {1});
          EXPECT_EQ(host->running("implant"), 0U);
        }
      },
      15);
}

TEST_F(KilledHostRoot, ThatIsNotHealthyLeavesTheOldOneRunning) {
  kill_at_each(
      [&] {
        host->start();
        host->mutate();
        host->options.health = {"/sbin/service", "ask", "81"};
        host->options.health_deadline = std::chrono::milliseconds(30);
      },
      [](HostRoot& root) { (void)root.replace("r1"); },
      [&] {
        const auto replaced = host->open()->replace("r1");
        EXPECT_FALSE(replaced);
        expect_runs(1, "owned", {});
      },
      15);
}

TEST_F(KilledHostRoot, GoesBackOnceWhoeverGoesOn) {
  Digest drift;
  kill_at_each(
      [&] {
        host->start();
        host->mutate();
        const auto replaced = host->open()->replace("r1");
        ASSERT_TRUE(replaced);
        drift = replaced->former->drift;
      },
      [&](HostRoot& root) { (void)root.go_back_to(1, drift, "r1"); },
      [&] {
        const auto back = host->open()->go_back_to(1, drift, "r1");
        ASSERT_TRUE(back) << back.error().message;
        expect_runs(1, "owned", {2});
      },
      10);
}

TEST_F(KilledHostRoot, IsStartedOnceByWhoeverGoesOn) {
  kill_at_each([&] {}, [](HostRoot& root) { (void)root.start(); },
               [&] {
                 host->start();
                 expect_runs(state().current->number, "golden", {});
               },
               8);
}

// --- options, and the state on disk

TEST(HostRootOptionsTest, ThatAreMissingAreTold) {
  SystemClock clock;
  TemporaryDirectory directory;
  HostRootOptions options;
  options.host = "web1";
  options.directory = directory.path().string() + "/host";
  const auto why = [&] {
    const auto root = HostRoot::open(options, clock);
    return root ? "" : root.error().message;
  };
  EXPECT_THAT(why(), HasSubstr("'' must be an absolute path"));
  options.image = "/image:with/colon";
  EXPECT_THAT(why(), HasSubstr("without ',', ':'"));
  options.image = "/image";
  EXPECT_THAT(why(), HasSubstr("a key"));
  options.keys = {SigningKey::from_seed("k", std::string(32, 'k'))->verifier()};
  EXPECT_THAT(why(), HasSubstr("a command that starts it"));
  options.start = {"/sbin/init"};
  EXPECT_THAT(why(), HasSubstr("whether it is healthy"));
  options.health = {"/bin/true"};
  EXPECT_EQ(why(), "");
}

HostRootState some_state() {
  HostRootState state;
  const Time time = *parse_time("2026-11-29T16:00:00.000001Z");
  state.last_number = 4;
  state.current = RootGeneration{3, "r2", time, {4242, 99, "boot"}};
  state.former = {{{1, "", time, {7, 8, "boot"}}, sha256("x"), 4, "r1", time}};
  state.next = NextRoot{NextRoot::Phase::giving_up, {2, "r3", time, {}}, state.former[0], "it is ill\n"};
  return state;
}

TEST(HostRootStateTest, IsReadAsItWasWritten) {
  for (const HostRootState& state : {HostRootState(), some_state()}) {
    const auto read = parse_host_root_state(to_text(state));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, state);
  }
}

TEST(HostRootStateTest, ThatIsDamagedIsNone) {
  const std::string text = to_text(some_state());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(parse_host_root_state(text.substr(0, size))) << "cut at " << size;
  }
  for (const auto& [what, by] : std::vector<std::pair<std::string, std::string>>{{"giving_up", "giving"},
                                                                                 {"\"made\"", "\"mad\""},
                                                                                 {"2026", "x"},
                                                                                 {"\"version\": 1", "\"version\": 2"},
                                                                                 {sha256("x").hex(), "zz"},
                                                                                 {"4242", "\"4242\""}}) {
    std::string damaged = text;
    ASSERT_NE(damaged.find(what), std::string::npos) << what;
    damaged.replace(damaged.find(what), what.size(), by);
    EXPECT_FALSE(parse_host_root_state(damaged)) << what;
  }
}

}  // namespace
}  // namespace kedge
