// Isolation by nftables, with real packets through real network namespaces. The way to the world is tried before,
// during and after each time: a test of what is dead proves nothing unless it lived.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/waiting.h"
#include "host/nftables.h"
#include "host/quarantine_keeper.h"
#include "host/quarantines.h"
#include "tests/host/network_stage.h"
#include "tests/support/fake_clock.h"
#include "tests/support/needs.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using nlohmann::json;
using std::chrono::hours;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const json kNone = {{"quarantine", nullptr}};
constexpr uint32_t kUser = 4711;

class QuarantineTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = NetworkStage::make();
    KEDGE_NEEDS(made);
    stage = *std::move(made);
    broker = std::make_unique<Listener>(*stage->admin, "10.9.1.2:9092");
    begin();
  }

  // The host's end, as after a start.
  void begin() {
    Quarantines::Options options;
    options.folder = folder.path() / "leases";
    options.lifeline_timeout = std::chrono::milliseconds(700);
    quarantines = std::make_unique<Quarantines>(clock, options);
  }

  HostSight look(const json& with) {
    Result<HostSight> seen = Error{};
    call([&](HostCall& call) { seen = quarantines->observe(call, with); });
    EXPECT_TRUE(seen.ok()) << (seen ? "" : seen.error().message);
    return seen ? *seen : HostSight{};
  }
  HostSight look() { return look(args); }
  Result<std::vector<std::string>> apply(const json& with, const json& now) {
    Result<std::vector<std::string>> done = Error{};
    call([&](HostCall& call) { done = quarantines->apply(call, with, now); });
    return done;
  }
  Result<std::vector<std::string>> apply() { return apply(args, look().state); }
  std::vector<std::string> isolate() {
    auto done = apply();
    EXPECT_TRUE(done.ok()) << (done ? "" : done.error().message);
    return done ? *done : std::vector<std::string>();
  }
  Result<std::vector<std::string>> release() {
    Result<std::vector<std::string>> done = Error{};
    const json after = look().state;
    call([&](HostCall& call) { done = quarantines->undo(call, args, kNone, after); });
    return done;
  }
  std::vector<QuarantineNews> check() {
    std::vector<QuarantineNews> news;
    stage->host->in([&] { news = quarantines->check(); });
    return news;
  }
  void call(const std::function<void(HostCall&)>& body) {
    stage->host->in([&] {
      HostCall of{clock, clock.elapsed() + seconds(20), "remediation-1", "mark"};
      body(of);
    });
  }

  bool reaches(const NetworkNamespace& from, const std::string& service) {
    return connect_from(from, service).has_value();
  }
  std::string rules() { return stage->host->run({"nft", "list", "ruleset"}); }
  void nft(const std::string& command) {
    stage->host->in([&] {
      const auto done = nft_load(command);
      EXPECT_TRUE(done.ok()) << (done ? "" : done.error().message);
    });
  }

  TemporaryDirectory folder;
  FakeClock clock;
  std::unique_ptr<NetworkStage> stage;
  std::unique_ptr<Listener> broker;
  std::unique_ptr<Quarantines> quarantines;
  json args = {
      {"management", {"10.9.1.0/24", "fd09:1::/64"}}, {"lifeline", {"10.9.1.2:9092"}}, {"lease_seconds", 3600}};
};

// ---- what is dead, and what lives --------------------------------------------------------------------------------

TEST_F(QuarantineTest, CutsOffAllButLoopbackManagementAndTheLifeline) {
  const Listener web(*stage->host, "10.9.2.1:80"), web_six(*stage->host, "[fd09:2::1]:80");
  const Listener out(*stage->world, "10.9.2.2:443"), out_six(*stage->world, "[fd09:2::2]:443");
  const Listener shell(*stage->host, "10.9.1.1:22"), shell_six(*stage->host, "[fd09:1::1]:22");
  const Listener console(*stage->host, "10.9.1.1:8080"), other(*stage->admin, "10.9.1.2:25");
  const Listener local(*stage->host, "127.0.0.1:5432");
  const auto expect = [&](bool isolated) {
    SCOPED_TRACE(isolated ? "isolated" : "not isolated");
    EXPECT_EQ(reaches(*stage->world, "10.9.2.1:80"), !isolated) << "from the world";
    EXPECT_EQ(reaches(*stage->world, "[fd09:2::1]:80"), !isolated) << "from the world, IPv6";
    EXPECT_EQ(reaches(*stage->host, "10.9.2.2:443"), !isolated) << "to the world";
    EXPECT_EQ(reaches(*stage->host, "[fd09:2::2]:443"), !isolated) << "to the world, IPv6";
    EXPECT_EQ(reaches(*stage->container, "10.9.2.2:443"), !isolated) << "from a container, through the host";
    EXPECT_EQ(reaches(*stage->admin, "10.9.1.1:8080"), !isolated) << "from management, to another port";
    EXPECT_EQ(reaches(*stage->host, "10.9.1.2:25"), !isolated) << "to management, begun by the host";
    EXPECT_TRUE(reaches(*stage->admin, "10.9.1.1:22")) << "from management";
    EXPECT_TRUE(reaches(*stage->admin, "[fd09:1::1]:22")) << "from management, IPv6";
    EXPECT_TRUE(reaches(*stage->host, "10.9.1.2:9092")) << "to the lifeline";
    EXPECT_TRUE(reaches(*stage->host, "127.0.0.1:5432")) << "loopback";
    EXPECT_TRUE(reaches(*stage->host, "10.9.2.1:80")) << "the host with itself, by its own address";
  };
  stage->world->run({"ip", "route", "add", "10.9.3.0/24", "via", "10.9.2.1"});
  nft("table ip somebody { chain input { type filter hook input priority 0; policy accept; }; }");
  const std::string before = rules();
  expect(false);
  isolate();
  EXPECT_TRUE(look().holds);
  expect(true);
  ASSERT_TRUE(release().ok());
  EXPECT_EQ(rules(), before) << "nothing of it stays, and nothing of others was touched";
  expect(false);
}

TEST_F(QuarantineTest, CutsWhatIsConnectedForGoodAndLeavesTheAdministratorsSession) {
  const Listener web(*stage->host, "10.9.2.1:80"), out(*stage->world, "[fd09:2::2]:443");
  const Listener shell(*stage->host, "10.9.1.1:22");
  const Session in = session(*stage->world, web, "10.9.2.1:80");
  const Session home = session(*stage->host, out, "[fd09:2::2]:443");
  const Session admin = session(*stage->admin, shell, "10.9.1.1:22");
  const auto notes = isolate();
  EXPECT_THAT(notes, Contains(HasSubstr("2 connections were cut")));
  EXPECT_EQ(broken(in.server), ECONNABORTED);
  EXPECT_EQ(broken(home.client), ECONNABORTED);
  EXPECT_TRUE(admin.lives());
  EXPECT_TRUE(Session::carries(admin.server, admin.client)) << "also where the host speaks first";
  ASSERT_TRUE(release().ok());
  EXPECT_FALSE(Session::carries(in.client, in.server)) << "it must not go on behind the release";
  EXPECT_FALSE(Session::carries(home.server, home.client));
  EXPECT_TRUE(admin.lives());
}

TEST_F(QuarantineTest, OneUserAloneIsCutOff) {
  args["user"] = std::to_string(kUser);
  const Listener out(*stage->world, "10.9.2.2:443"), local(*stage->host, "127.0.0.1:5432");
  const Session of_user = session(*stage->host, out, "10.9.2.2:443", kUser);
  const Session of_root = session(*stage->host, out, "10.9.2.2:443");
  isolate();
  EXPECT_TRUE(look().holds);
  EXPECT_EQ(broken(of_user.client), ECONNABORTED);
  EXPECT_FALSE(connect_from(*stage->host, "10.9.2.2:443", kSoonMs, kUser));
  EXPECT_TRUE(connect_from(*stage->host, "127.0.0.1:5432", kSoonMs, kUser));
  EXPECT_TRUE(of_root.lives());
  EXPECT_TRUE(reaches(*stage->host, "10.9.2.2:443"));
  ASSERT_TRUE(release().ok());
  EXPECT_TRUE(connect_from(*stage->host, "10.9.2.2:443", kPatienceMs, kUser));
}

// A cgroup, and a process that was begun in it: what it can reach.
class QuarantineOfCgroup : public QuarantineTest {
 protected:
  void SetUp() override {
    QuarantineTest::SetUp();
    if (stage == nullptr) return;
    path_ = unified() + "/" + kName;
    ASSERT_EQ(mkdir(path_.c_str(), 0755), 0) << path_ << ": " << strerror(errno);
  }
  ~QuarantineOfCgroup() override {
    if (!path_.empty()) rmdir(path_.c_str());
  }
  static std::string unified() {
    return access("/sys/fs/cgroup/unified/cgroup.procs", F_OK) == 0 ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup";
  }
  // Moves a process ("0": the one that calls) into a cgroup.
  static bool enter(const std::string& path, const std::string& process) {
    const Descriptor processes(open((path + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    return write(processes.get(), process.data(), process.size()) == static_cast<ssize_t>(process.size());
  }
  // Whether a process in the cgroup connects.
  bool member_reaches(const std::string& service) { return member_reaches(service, *stage->host); }
  bool member_reaches(const std::string& service, const NetworkNamespace& from) {
    const pid_t child = fork();
    if (child == 0) {
      if (!enter(path_, "0")) _exit(2);
      _exit(connect_from(from, service) ? 1 : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) < 2) << "it could not enter the cgroup";
    return WEXITSTATUS(status) == 1;
  }
  static constexpr const char* kName = "kedge-quarantine-test";
  std::string path_;
};

TEST_F(QuarantineOfCgroup, AloneIsCutOff) {
  args["cgroup"] = kName;
  const Listener out(*stage->world, "10.9.2.2:443");
  ASSERT_TRUE(member_reaches("10.9.2.2:443"));
  isolate();
  EXPECT_TRUE(look().holds);
  EXPECT_FALSE(member_reaches("10.9.2.2:443"));
  EXPECT_TRUE(reaches(*stage->host, "10.9.2.2:443"));
  EXPECT_THAT(check(), IsEmpty());
  ASSERT_TRUE(release().ok());
  EXPECT_TRUE(member_reaches("10.9.2.2:443"));
}

TEST_F(QuarantineOfCgroup, ThatEndsAndBeginsAnewIsIsolatedAgain) {
  args["cgroup"] = kName;
  const Listener out(*stage->world, "10.9.2.2:443");
  isolate();
  ASSERT_EQ(rmdir(path_.c_str()), 0);
  EXPECT_TRUE(look().holds) << look().summary;
  EXPECT_THAT(check(), IsEmpty());
  ASSERT_EQ(mkdir(path_.c_str(), 0755), 0);
  EXPECT_FALSE(look().holds) << "for the kernel it is another one";
  ASSERT_THAT(check(), SizeIs(1));
  EXPECT_FALSE(member_reaches("10.9.2.2:443"));
  ASSERT_EQ(rmdir(path_.c_str()), 0);
  EXPECT_TRUE(release().ok());
  EXPECT_EQ(rules(), "");
}

TEST_F(QuarantineOfCgroup, ThatIsNotThereIsNotIsolated) {
  args["cgroup"] = "no-such-cgroup";
  EXPECT_THAT(apply().error().message, HasSubstr("this host has no cgroup"));
}

// A container: a process in a cgroup and in a network namespace of its own, whose packets the host forwards.
class QuarantineOfContainer : public QuarantineOfCgroup {
 protected:
  void SetUp() override {
    QuarantineOfCgroup::SetUp();
    if (stage == nullptr || HasFatalFailure()) return;
    args["cgroup"] = kName;
    stage->world->run({"ip", "route", "add", "10.9.3.0/24", "via", "10.9.2.1"});
    web = std::make_unique<Listener>(*stage->world, kWeb);
  }
  ~QuarantineOfContainer() override { stop(); }

  void start() {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    process_ = fork();
    if (process_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (setns(stage->container->descriptor(), CLONE_NEWNET) != 0 || !enter(path_, "0")) _exit(1);
      if (write(ready[1], "r", 1) != 1) _exit(1);
      for (;;) pause();
    }
    close(ready[1]);
    char told = 0;
    EXPECT_EQ(read(ready[0], &told, 1), 1) << "it could not begin";
    close(ready[0]);
  }
  void stop() {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }
  bool contained_reaches() { return member_reaches(kWeb, *stage->container); }
  // A connection from the container's network, with both ends in our hands.
  Session session_from_there() {
    const Listener other(*stage->world, "10.9.2.2:444");
    return session(*stage->container, other, "10.9.2.2:444");
  }
  Session contained_session() {
    EXPECT_TRUE(enter(path_, "0"));
    Session made = session_from_there();
    EXPECT_TRUE(enter(unified(), "0"));
    return made;
  }
  std::string its_rules() { return stage->container->run({"nft", "list", "ruleset"}); }
  std::string its_place() { return " in the network namespace of process " + std::to_string(process_); }

  static constexpr const char* kWeb = "10.9.2.2:443";
  std::unique_ptr<Listener> web;
  pid_t process_ = 0;
};

TEST_F(QuarantineOfContainer, IsCutOffInItsOwnNetworkNamespace) {
  start();
  ASSERT_TRUE(contained_reaches());
  const Session before = contained_session();
  const Session of_another = session_from_there();
  const auto notes = isolate();
  EXPECT_THAT(notes, Contains(testing::AllOf(HasSubstr("1 connections were cut"), HasSubstr(its_place()))));
  EXPECT_TRUE(look().holds);
  EXPECT_FALSE(contained_reaches());
  EXPECT_EQ(broken(before.client), ECONNABORTED);
  EXPECT_TRUE(of_another.lives()) << "of who shares its network, and is of another cgroup";
  EXPECT_TRUE(reaches(*stage->container, kWeb));
  EXPECT_TRUE(reaches(*stage->host, kWeb));
  EXPECT_THAT(check(), IsEmpty());
  ASSERT_TRUE(release().ok());
  EXPECT_EQ(rules() + its_rules(), "");
  EXPECT_TRUE(contained_reaches());
}

TEST_F(QuarantineOfContainer, ThatMakesItsRulesGoIsCutOffAgain) {
  start();
  isolate();
  stage->container->run({"nft", "flush", "ruleset"});
  EXPECT_TRUE(contained_reaches());
  EXPECT_FALSE(look().holds);
  const Session slipped_out = contained_session();
  const auto news = check();
  ASSERT_THAT(news, SizeIs(1));
  EXPECT_EQ(news[0].kind, QuarantineNews::Kind::drifted);
  EXPECT_THAT(news[0].difference, ElementsAre(testing::AllOf(HasSubstr("- table inet"), HasSubstr(its_place()))));
  EXPECT_EQ(broken(slipped_out.client), ECONNABORTED);
  EXPECT_FALSE(contained_reaches());
  EXPECT_TRUE(look().holds);
}

TEST_F(QuarantineOfContainer, ThatBeginsLaterIsCutOffAtTheNextLook) {
  isolate();
  EXPECT_TRUE(look().holds);
  start();
  EXPECT_TRUE(contained_reaches());
  EXPECT_FALSE(look().holds) << "it is not said of a container that it is isolated before it is";
  ASSERT_THAT(check(), SizeIs(1));
  EXPECT_FALSE(contained_reaches());
  EXPECT_TRUE(look().holds);
}

TEST_F(QuarantineOfContainer, IsReleasedAlsoWhereNothingOfItsCgroupIsAnyMore) {
  start();
  isolate();
  ASSERT_TRUE(enter(unified(), std::to_string(process_)));
  EXPECT_THAT(check(), IsEmpty());
  EXPECT_THAT(its_rules(), HasSubstr("kedge_quarantine_cgroup"));
  ASSERT_TRUE(release().ok());
  EXPECT_EQ(rules() + its_rules(), "");
}

TEST_F(QuarantineOfContainer, IsProvenInItsOwnNetworkNamespace) {
  start();
  stage->container->run({"ip", "route", "add", "local", "192.0.2.0/24", "dev", "lo"});
  const auto done = apply();
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::refused);
  EXPECT_THAT(done.error().message, HasSubstr("it does not isolate: a datagram to 192.0.2.1:9 got out" + its_place()));
  EXPECT_THAT(done.error().message, HasSubstr("the isolation was undone"));
  EXPECT_EQ(look().state, kNone);
  EXPECT_EQ(rules() + its_rules(), "");
}

// Of the calling thread.
void drop_capability(unsigned number) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  ASSERT_EQ(syscall(SYS_capget, &header, sets.data()), 0);
  sets[number / 32].effective &= ~(1U << (number % 32));
  sets[number / 32].permitted &= ~(1U << (number % 32));
  ASSERT_EQ(syscall(SYS_capset, &header, sets.data()), 0);
}

TEST_F(QuarantineOfContainer, IsNotSaidToBeIsolatedWhereItsNamespaceIsNotToBeSeen) {
  start();
  Result<std::vector<std::string>> done = Error{};
  call([&](HostCall& call) {
    drop_capability(CAP_SYS_PTRACE);
    done = quarantines->apply(call, args, kNone);
  });
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::refused);
  EXPECT_THAT(done.error().message, HasSubstr("CAP_SYS_PTRACE"));
  EXPECT_EQ(rules() + its_rules(), "");
  EXPECT_TRUE(contained_reaches());
}

// ---- the lifeline ------------------------------------------------------------------------------------------------

TEST_F(QuarantineTest, IsUndoneAtOnceWhenTheLifelineWouldDie) {
  // The broker is reached by an address that the host itself turns into another one: its answers come from there.
  nft("table ip nat { chain output { type nat hook output priority -100; ip daddr 10.9.2.99 dnat to 10.9.1.2; }; }");
  args["lifeline"] = {"10.9.2.99:9092"};
  const Listener web(*stage->host, "10.9.2.1:80");
  const std::string before = rules();
  ASSERT_TRUE(reaches(*stage->host, "10.9.2.99:9092"));
  const auto done = apply();
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::refused);
  EXPECT_THAT(done.error().message, HasSubstr("the lifeline does not answer any more: 10.9.2.99:9092"));
  EXPECT_THAT(done.error().message, HasSubstr("the isolation was undone"));
  EXPECT_EQ(rules(), before);
  EXPECT_EQ(look().state, kNone);
  EXPECT_TRUE(reaches(*stage->world, "10.9.2.1:80"));
  EXPECT_THAT(check(), IsEmpty()) << "nothing is left to be done";
}

TEST_F(QuarantineTest, IsUndoneAtOnceWhereItDoesNotIsolate) {
  // What nobody has is here a place that somebody makes the host's own: no rule of ours stops what goes there.
  stage->host->run({"ip", "route", "add", "local", "192.0.2.0/24", "dev", "lo"});
  const Listener web(*stage->host, "10.9.2.1:80");
  const std::string before = rules();
  const auto done = apply();
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::refused);
  EXPECT_THAT(done.error().message, HasSubstr("it does not isolate: a datagram to 192.0.2.1:9 got out"));
  EXPECT_THAT(done.error().message, HasSubstr("the isolation was undone"));
  EXPECT_EQ(rules(), before);
  EXPECT_EQ(look().state, kNone);
  EXPECT_TRUE(reaches(*stage->world, "10.9.2.1:80"));
  EXPECT_THAT(check(), IsEmpty()) << "nothing is left to be done";
}

TEST_F(QuarantineTest, IsNotBegunWhereTheLifelineIsDeadAlready) {
  args["lifeline"] = {"10.9.1.2:1", "10.9.1.77:9092"};
  const std::string before = rules();
  const auto done = apply();
  ASSERT_FALSE(done.ok());
  EXPECT_THAT(done.error().message, HasSubstr("does not answer even now: 10.9.1.2:1, 10.9.1.77:9092"));
  EXPECT_EQ(rules(), before);
}

TEST_F(QuarantineTest, OneOfSeveralLifelinesMayBeDown) {
  args["lifeline"] = {"10.9.1.2:9092", "10.9.1.2:9093"};
  isolate();
  EXPECT_TRUE(look().holds);
}

TEST_F(QuarantineTest, LapsesInTheKernelWhenNobodyProvesIt) {
  const Listener web(*stage->host, "10.9.2.1:80");
  Quarantine q = *Quarantine::read(args);
  nft(quarantine_ruleset(q, {}, "r-1", seconds(1)));
  EXPECT_FALSE(reaches(*stage->world, "10.9.2.1:80"));
  EXPECT_TRUE(connect_from(*stage->world, "10.9.2.1:80", kPatienceMs)) << "its first packet is sent again until then";
  EXPECT_THAT(rules(), HasSubstr("kedge_quarantine")) << "the table stands, and lets all pass";
}

TEST_F(QuarantineTest, WhatWasNeverProvenIsGivenUpByWhoeverComesNext) {
  QuarantineLease lease;
  lease.args = args;
  lease.quarantine = *Quarantine::read(args);
  lease.boot_id = clock.boot_id();
  lease.until = clock.elapsed() + hours(1);
  ASSERT_TRUE(QuarantineLeases(folder.path() / "leases").keep(lease).ok());
  nft(quarantine_ruleset(lease.quarantine, {}, "r-1", seconds(60)));
  EXPECT_EQ(look().state, kNone);
  const auto news = check();
  ASSERT_THAT(news, SizeIs(1));
  EXPECT_EQ(news[0].kind, QuarantineNews::Kind::given_up);
  EXPECT_EQ(rules(), "");
  EXPECT_THAT(check(), IsEmpty());
}

// ---- its time ----------------------------------------------------------------------------------------------------

TEST_F(QuarantineTest, EndsByTheHostsOwnClockAndIsSeenToBeGone) {
  const Listener web(*stage->host, "10.9.2.1:80");
  isolate();
  clock.advance(hours(1) - seconds(1));
  EXPECT_THAT(check(), IsEmpty());
  EXPECT_FALSE(reaches(*stage->world, "10.9.2.1:80"));
  clock.set_wall(clock.now() - hours(20));  // whoever mutated the host may set that
  clock.advance(seconds(1));
  EXPECT_EQ(look().state, kNone);
  const auto news = check();
  ASSERT_THAT(news, SizeIs(1));
  EXPECT_EQ(news[0].kind, QuarantineNews::Kind::expired);
  EXPECT_EQ(news[0].remediation, "remediation-1");
  EXPECT_EQ(rules(), "");
  EXPECT_TRUE(reaches(*stage->world, "10.9.2.1:80"));
}

TEST_F(QuarantineTest, StandsAgainAfterARebootWhereItIsToSurviveOne) {
  for (const bool survives : {false, true}) {
    args["survives_reboot"] = survives;
    isolate();
    nft("flush ruleset");
    clock.reboot(std::chrono::minutes(10));
    begin();
    const auto news = check();
    ASSERT_THAT(news, SizeIs(1));
    EXPECT_EQ(news[0].kind, survives ? QuarantineNews::Kind::renewed : QuarantineNews::Kind::expired);
    EXPECT_EQ(look().holds, survives);
  }
  EXPECT_THAT(check(), SizeIs(1)) << "it is proven";
  clock.advance(std::chrono::minutes(49));
  EXPECT_THAT(check(), IsEmpty());
  clock.advance(std::chrono::minutes(1));
  ASSERT_THAT(check(), SizeIs(1)) << "the time that it was off counts";
  EXPECT_EQ(rules(), "");
}

// The host's start anew: nothing is loaded, and of its network nothing is up yet.
class QuarantineAfterABoot : public QuarantineTest {
 protected:
  void boot() {
    args["survives_reboot"] = true;
    isolate();
    nft("flush ruleset");
    network("down");
    clock.reboot(std::chrono::minutes(1));
    begin();
  }
  void network(const char* state) {
    stage->host->run({"ip", "link", "set", "admin", state});
    stage->host->run({"ip", "link", "set", "world", state});
    if (state == std::string("up")) stage->host->run({"ip", "route", "add", "default", "via", "10.9.2.2"});
  }
  // The only news of a look.
  QuarantineNews news() {
    const auto all = check();
    EXPECT_THAT(all, SizeIs(1));
    return all.empty() ? QuarantineNews{} : all.front();
  }
};

TEST_F(QuarantineAfterABoot, StandsBeforeTheNetworkAndIsProvenOnceThereIsOne) {
  const Listener web(*stage->host, "10.9.2.1:80");
  boot();
  EXPECT_EQ(news().kind, QuarantineNews::Kind::renewed);
  EXPECT_TRUE(look().holds);
  EXPECT_THAT(look().summary, HasSubstr("not proven since the host was started anew"));
  EXPECT_THAT(check(), IsEmpty()) << "there is nothing that it could be proven on";
  begin();  // also whoever comes next knows
  network("up");
  EXPECT_FALSE(reaches(*stage->world, "10.9.2.1:80"));
  const QuarantineNews proven = news();
  EXPECT_EQ(proven.kind, QuarantineNews::Kind::proven);
  EXPECT_THAT(proven.message, HasSubstr("10.9.1.2:9092"));
  EXPECT_THAT(look().summary, testing::Not(HasSubstr("not proven")));
  EXPECT_THAT(check(), IsEmpty()) << "once";
}

TEST_F(QuarantineAfterABoot, ThatLeaksIsToldOfAndStands) {
  boot();
  EXPECT_EQ(news().kind, QuarantineNews::Kind::renewed);
  network("up");
  stage->host->run({"ip", "route", "add", "local", "192.0.2.0/24", "dev", "lo"});
  for (int look = 0; look < 2; ++look) {
    const QuarantineNews leaks = news();
    EXPECT_EQ(leaks.kind, QuarantineNews::Kind::failed);
    EXPECT_THAT(leaks.message, HasSubstr("it does not isolate: a datagram to 192.0.2.1:9 got out"));
  }
  EXPECT_TRUE(look().holds);
  stage->host->run({"ip", "route", "del", "local", "192.0.2.0/24", "dev", "lo"});
  EXPECT_EQ(news().kind, QuarantineNews::Kind::proven);
}

TEST_F(QuarantineAfterABoot, OfWhichTheLifelineStaysSilentIsToldOf) {
  boot();
  EXPECT_EQ(news().kind, QuarantineNews::Kind::renewed);
  clock.advance(std::chrono::minutes(4));
  EXPECT_THAT(check(), IsEmpty());
  clock.advance(std::chrono::minutes(1));
  const QuarantineNews silent = news();
  EXPECT_EQ(silent.kind, QuarantineNews::Kind::failed);
  EXPECT_THAT(silent.message, HasSubstr("its lifeline has not answered since: 10.9.1.2:9092"));
  EXPECT_TRUE(look().holds);
}

TEST_F(QuarantineTest, IsKnownToWhoeverComesNext) {
  isolate();
  begin();
  EXPECT_TRUE(look().holds);
  EXPECT_THAT(check(), IsEmpty());
  ASSERT_TRUE(release().ok());
  EXPECT_EQ(rules(), "");
}

// ---- drift -------------------------------------------------------------------------------------------------------

TEST_F(QuarantineTest, IsMendedWhenSomebodyFlushesTheRules) {
  const Listener web(*stage->host, "10.9.2.1:80");
  isolate();
  nft("flush ruleset");
  EXPECT_FALSE(look().holds);
  const Session slipped_in = session(*stage->world, web, "10.9.2.1:80");
  const auto news = check();
  ASSERT_THAT(news, SizeIs(1));
  EXPECT_EQ(news[0].kind, QuarantineNews::Kind::drifted);
  EXPECT_THAT(news[0].difference, ElementsAre("- table inet kedge_quarantine"));
  EXPECT_THAT(news[0].message, HasSubstr("1 connections were cut"));
  EXPECT_EQ(broken(slipped_in.server), ECONNABORTED);
  EXPECT_TRUE(look().holds);
  EXPECT_FALSE(reaches(*stage->world, "10.9.2.1:80"));
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(QuarantineTest, IsMendedWhenAnAdministratorPutsARuleIntoIt) {
  const Listener web(*stage->host, "10.9.2.1:80");
  isolate();
  nft("insert rule inet kedge_quarantine input tcp dport 80 accept; "
      "insert rule inet kedge_quarantine output tcp sport 80 accept; "
      "add element inet kedge_quarantine management_ipv4 { 10.9.2.0/24 }");
  EXPECT_TRUE(reaches(*stage->world, "10.9.2.1:80"));
  EXPECT_FALSE(look().holds);
  EXPECT_THAT(look().summary, HasSubstr("+ tcp dport 80 accept"));
  const auto news = check();
  ASSERT_THAT(news, SizeIs(1));
  EXPECT_THAT(news[0].difference, Contains("+ tcp dport 80 accept"));
  EXPECT_THAT(news[0].difference, Contains("+ tcp sport 80 accept"));
  EXPECT_FALSE(reaches(*stage->world, "10.9.2.1:80"));
  EXPECT_TRUE(look().holds);
}

TEST_F(QuarantineTest, IsMendedWhenSomebodyMakesItLapse) {
  isolate();
  nft("flush set inet kedge_quarantine standing");
  EXPECT_FALSE(look().holds);
  ASSERT_THAT(check(), SizeIs(1));
  EXPECT_TRUE(look().holds);
}

TEST_F(QuarantineTest, AnAcceptOfSomebodyElseDoesNotOverruleIt) {
  const Listener web(*stage->host, "10.9.2.1:80");
  isolate();
  nft("table inet open { chain input { type filter hook input priority -400; policy accept; tcp dport 80 accept; }; "
      "chain output { type filter hook output priority -400; policy accept; accept; }; }");
  EXPECT_FALSE(reaches(*stage->world, "10.9.2.1:80"));
  EXPECT_TRUE(look().holds);
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(QuarantineTest, IsToldAtOnceOfWhatSomebodyChanges) {
  Result<NftMonitor> monitor = Error{};
  stage->host->in([&] { monitor = NftMonitor::open(); });
  ASSERT_TRUE(monitor.ok());
  pollfd wait{monitor->descriptor(), POLLIN, 0};
  EXPECT_EQ(poll(&wait, 1, 0), 0);
  nft("add table inet somebody");
  EXPECT_EQ(poll(&wait, 1, kPatienceMs), 1);
  monitor->drain();
  EXPECT_EQ(poll(&wait, 1, 0), 0);
}

// ---- the keeper --------------------------------------------------------------------------------------------------

class QuarantineKept : public QuarantineTest {
 protected:
  void keep(Duration every) {
    QuarantineKeeper::Options options;
    options.every = every;
    keeper = std::make_unique<QuarantineKeeper>(*quarantines, clock, options,
                                                [this](const QuarantineNews& news) { told.put(news); });
    stage->host->in([&] { ASSERT_TRUE(keeper->start().ok()); });
  }
  std::optional<QuarantineNews> next() { return told.take(seconds(10)); }

  Mailbox<QuarantineNews> told{100};
  std::unique_ptr<QuarantineKeeper> keeper;
};

TEST_F(QuarantineKept, IsMendedAtOnceWhenTheKernelTellsOfAChange) {
  isolate();
  keep(hours(1));
  nft("flush ruleset");
  const auto news = next();
  ASSERT_TRUE(news);
  EXPECT_EQ(news->kind, QuarantineNews::Kind::drifted);
  EXPECT_TRUE(look().holds);
}

TEST_F(QuarantineKept, StandsOnceTheKeeperHasBegun) {
  isolate();
  nft("flush ruleset");
  keep(hours(1));
  EXPECT_TRUE(told.take(seconds(0))) << "it was mended before start() returned";
  EXPECT_TRUE(look().holds);
}

TEST_F(QuarantineKept, EndsWhenItsTimeIsOverThoughNobodyChangesAnything) {
  isolate();
  keep(std::chrono::milliseconds(20));
  clock.advance(hours(1));
  const auto news = next();
  ASSERT_TRUE(news);
  EXPECT_EQ(news->kind, QuarantineNews::Kind::expired);
  EXPECT_EQ(rules(), "");
}

TEST_F(QuarantineKept, TellsOfSomebodyWhoChangesItAgainAndAgainAtTimesOnly) {
  isolate();
  keep(std::chrono::milliseconds(20));
  for (int i = 0; i < 3; ++i) {
    nft("flush ruleset");
    for (int tries = 0; tries < 1000 && !look().holds; ++tries) {
    }
    EXPECT_TRUE(look().holds) << "it is mended each time";
  }
  keeper->stop();
  EXPECT_TRUE(told.take(seconds(0)));
  EXPECT_FALSE(told.take(seconds(0))) << "and told once";
  clock.advance(std::chrono::minutes(5));
  nft("flush ruleset");
  keep(std::chrono::milliseconds(20));
  EXPECT_TRUE(next());
}

// ---- all or nothing ----------------------------------------------------------------------------------------------

TEST_F(QuarantineTest, ARulesetWithOneWrongRuleLeavesWhatWasThere) {
  const Listener web(*stage->host, "10.9.2.1:80");
  const Quarantine q = *Quarantine::read(args);
  std::string wrong = quarantine_ruleset(q, {}, "r-1", seconds(60));
  wrong.insert(wrong.rfind('}'), "\tchain late {\n\t\tjump nowhere\n\t}\n");
  const auto load = [&](const std::string& ruleset) {
    Result<void> done;
    stage->host->in([&] { done = nft_load(ruleset); });
    return done;
  };
  EXPECT_FALSE(load(wrong).ok());
  EXPECT_EQ(rules(), "");
  EXPECT_TRUE(reaches(*stage->world, "10.9.2.1:80"));
  isolate();
  EXPECT_FALSE(load(wrong).ok());
  EXPECT_TRUE(look().holds) << "what stood stands whole";
  EXPECT_FALSE(reaches(*stage->world, "10.9.2.1:80"));
}

TEST_F(QuarantineTest, TwiceIsTheSameAsOnce) {
  const Listener shell(*stage->host, "10.9.1.1:22");
  isolate();
  const Session admin = session(*stage->admin, shell, "10.9.1.1:22");
  const json state = look().state;
  EXPECT_TRUE(apply(args, state).ok());
  EXPECT_EQ(look().state, state);
  EXPECT_TRUE(look().holds);
  EXPECT_TRUE(admin.lives());
}

TEST_F(QuarantineTest, AnotherIsolationThatStandsIsNotOverwritten) {
  isolate();
  json wider = args;
  wider["management"] = {"10.9.0.0/16"};
  const HostSight seen = look(wider);
  EXPECT_FALSE(seen.holds);
  EXPECT_THAT(seen.summary, HasSubstr("isolated otherwise, by remediation remediation-1"));
  const auto done = apply(wider, seen.state);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::refused);
  EXPECT_TRUE(look().holds);
}

TEST_F(QuarantineTest, OfATableThatNobodyKeepsALeaseOfAPersonDecides) {
  EXPECT_FALSE(look().hold);
  nft("table inet kedge_quarantine { chain input { type filter hook input priority 0; policy drop; }; }");
  ASSERT_TRUE(look().hold);
  EXPECT_THAT(*look().hold, HasSubstr("nft delete table inet kedge_quarantine"));
}

TEST_F(QuarantineTest, DoesNothingWhenTheWorldIsNoLongerAsItWasObserved) {
  isolate();
  EXPECT_EQ(apply(args, kNone).error().code, ErrorCode::conflict);
  Result<std::vector<std::string>> done = Error{};
  call([&](HostCall& of) { done = quarantines->undo(of, args, {{"quarantine", "x"}}, kNone); });
  EXPECT_EQ(done.error().code, ErrorCode::conflict);
  EXPECT_TRUE(look().holds);
}

}  // namespace
}  // namespace kedge
