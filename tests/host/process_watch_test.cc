// ProcessWatch on real processes. The machine has others as well: only those that a test starts are looked for.
#include "host/process_watch.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <tuple>

#include "base/bytes.h"
#include "base/files.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A process that does what the test says and then waits to be ended. It is ready when it is made.
class Holder {
 public:
  explicit Holder(const std::function<bool()>& prepare) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    child_ = fork();
    if (child_ == 0) {
      if (prepare()) std::ignore = ::write(ends[1], "x", 1);
      for (;;) pause();
    }
    close(ends[1]);
    char ready = 0;
    EXPECT_GE(read(ends[0], &ready, 1), 0);  // 0: it runs another program, and the pipe was closed by that
    close(ends[0]);
  }
  ~Holder() { end(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  void end() {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = 0;
  }
  pid_t pid() const { return child_; }

 private:
  pid_t child_ = 0;
};

// Maps a file so that it could be run.
bool map_to_run(int file) { return mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0) != MAP_FAILED; }

Holder running(const std::string& program, std::vector<std::string> environment = {}) {
  return Holder([=] {
    std::vector<char*> variables;
    for (const std::string& one : environment) variables.push_back(const_cast<char*>(one.c_str()));
    variables.push_back(nullptr);
    char name[] = "sleep";
    char time[] = "1000";
    char* const arguments[] = {name, time, nullptr};
    execve(program.c_str(), arguments, variables.data());
    return false;
  });
}

std::string md5_of(const std::string& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_md5(), nullptr);
  return to_hex({reinterpret_cast<char*>(digest), size});
}

class ProcessWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    system = fs::canonical(place.path()) / "system";
    fs::create_directories(system + "/usr/bin");
    fs::copy_file("/bin/sleep", at("usr/bin/tool"));
    fs::create_directories(system + "/open");
  }
  std::string at(const std::string& path) const { return system + "/" + path; }

  void start(std::function<void(ProcessWatch::Options&)> change = {}) {
    ProcessWatch::Options options{.host = "web1", .every = milliseconds(20)};
    options.system = system;
    options.open_places = {system + "/open/"};
    if (change) change(options);
    events.clear();
    watch = std::make_unique<ProcessWatch>(
        std::move(options), clock, random, [this](const Digest& d) { return known_content == d; },
        [this](HostEvent e) { events.push_back(std::move(e)); },
        [this](SensorMemory::Fact f) {
          facts.erase(f.key);
          if (f.value) facts.emplace(f.key, *f.value);
        },
        facts);
    rounds(1);
  }
  void rounds(size_t count) {
    const size_t end = watch->rounds() + count;
    const Duration patience = clock.elapsed() + seconds(60);
    while (watch->rounds() < end) {
      ASSERT_LT(clock.elapsed(), patience);
      watch->turn();
    }
  }
  // What was told of the test's own things, by a path that they lie below, or that memory has as its name.
  std::vector<Json> told(const std::string& type, const std::string& part) const {
    std::vector<Json> all;
    for (const HostEvent& event : events) {
      if (event.type == type && event.data.dump().find(part) != std::string::npos) all.push_back(event.data);
    }
    return all;
  }
  // dpkg's records: the package foo has usr/bin/tool, and it holds this.
  void record(const std::string& content) const {
    place.write("system/var/lib/dpkg/status",
                "Package: foo\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.0\n\n");
    place.write("system/var/lib/dpkg/info/foo.md5sums", md5_of(content) + "  usr/bin/tool\n");
    place.write("system/var/lib/dpkg/info/foo.list", "/.\n/usr\n/usr/bin\n/usr/bin/tool\n");
  }

  const TemporaryDirectory place;
  std::string system;
  SystemClock clock;
  Random random{7};
  std::optional<Digest> known_content;
  SensorMemory::Facts facts;
  std::vector<HostEvent> events;
  std::unique_ptr<ProcessWatch> watch;
};

TEST_F(ProcessWatchTest, TellsWhoRunsADeletedProgramOnceAndWhenNobodyDoes) {
  Holder one = running(at("usr/bin/tool"));
  Holder other = running(at("usr/bin/tool"));
  start();
  EXPECT_EQ(told("host.process", system).size(), 0U);
  fs::remove(at("usr/bin/tool"));
  rounds(4);
  const auto all = told("host.process", system);
  ASSERT_EQ(all.size(), 1U);
  const Json& data = all.front();
  EXPECT_EQ(data["kind"], "runs_deleted");
  EXPECT_EQ(data["path"], at("usr/bin/tool"));
  EXPECT_EQ(data["severity"], "high");
  EXPECT_EQ(data["category"], "process");
  EXPECT_EQ(data["technique"], "T1620");
  EXPECT_EQ(data["processes"], 2);
  EXPECT_EQ(data["processes_first"][0]["pid"], std::min(one.pid(), other.pid()));
  EXPECT_EQ(data["processes_first"][0]["attribution"], "best effort");
  EXPECT_EQ(data["sha256"], sha256(read_file("/bin/sleep").value()).hex());
  EXPECT_EQ(data["found_by"], "rescan");
  one.end();
  rounds(5);
  EXPECT_TRUE(told("host.restored", system).empty());
  other.end();
  rounds(5);
  const auto restored = told("host.restored", system);
  ASSERT_EQ(restored.size(), 1U);
  EXPECT_EQ(restored.front()["kind"], "runs_deleted");
  EXPECT_EQ(restored.front()["severity"], "informational");
}

TEST_F(ProcessWatchTest, ARestartOfTheSensorRepeatsNothingAndTellsWhatCameMeanwhile) {
  const Holder one = running(at("usr/bin/tool"));
  fs::remove(at("usr/bin/tool"));
  start();
  ASSERT_EQ(told("host.process", system).size(), 1U);
  EXPECT_EQ(told("host.process", system)[0]["found_by"], "start");
  fs::copy_file("/bin/sleep", at("open/tool"));
  const Holder meanwhile = running(at("open/tool"));
  start();
  rounds(2);
  const auto all = told("host.process", system);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]["kind"], "runs_from_open_place");
  EXPECT_EQ(all[0]["technique"], "T1564.001");
}

TEST_F(ProcessWatchTest, AProgramThatWasReplacedByDpkgNeedsARestart) {
  const std::string next = read_file("/bin/sleep").value() + "version 2";
  const Holder process = running(at("usr/bin/tool"));
  record("version 1");
  fs::remove(at("usr/bin/tool"));
  place.write("system/usr/bin/tool", next);
  // A second later, as the records and the process' start are told apart by it.
  const timespec later[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
  const Duration end = clock.elapsed() + milliseconds(1'500);
  while (clock.elapsed() < end) sched_yield();
  record(next);
  ASSERT_EQ(utimensat(AT_FDCWD, at("var/lib/dpkg/info/foo.list").c_str(), later, 0), 0);
  start();
  rounds(3);
  EXPECT_TRUE(told("host.process", system).empty());
  const auto all = told("host.needs_restart", system);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]["of"], "foo 2.0");
  EXPECT_EQ(all[0]["severity"], "low");
  EXPECT_EQ(all[0]["paths_first"], Json::array({at("usr/bin/tool")}));
  EXPECT_EQ(all[0]["processes_first"][0]["pid"], process.pid());
}

// Who replaces a program, starts it and puts the package's back, ran something else than the package has.
TEST_F(ProcessWatchTest, AProgramThatWasStartedAfterThePackageWasUnpackedIsNoUpgrade) {
  const std::string good = read_file("/bin/sleep").value() + "version 2";
  record(good);
  const Duration end = clock.elapsed() + milliseconds(1'500);
  while (clock.elapsed() < end) sched_yield();
  const Holder trojan = running(at("usr/bin/tool"));
  fs::remove(at("usr/bin/tool"));
  place.write("system/usr/bin/tool", good);
  start();
  const auto all = told("host.process", system);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]["kind"], "runs_deleted");
  EXPECT_EQ(all[0]["package"], "foo 2.0");
}

TEST_F(ProcessWatchTest, ADeletedProgramWhoseContentTheBaselineHasNeedsARestart) {
  known_content = sha256(read_file("/bin/sleep").value());
  const Holder process = running(at("usr/bin/tool"));
  fs::remove(at("usr/bin/tool"));
  start();
  EXPECT_TRUE(told("host.process", system).empty());
  EXPECT_EQ(told("host.needs_restart", system).size(), 1U);
}

TEST_F(ProcessWatchTest, TellsWhatRunsFromMemory) {
  const Holder process([] {
    const int file = memfd_create("kedge-test-implant", MFD_CLOEXEC);
    const std::string program = read_file("/bin/sleep").value();
    if (write(file, program.data(), program.size()) != static_cast<ssize_t>(program.size())) return false;
    char name[] = "sleep";
    char time[] = "1000";
    char* const arguments[] = {name, time, nullptr};
    char* const none[] = {nullptr};
    fexecve(file, arguments, none);
    return false;
  });
  start();
  const auto all = told("host.process", "kedge-test-implant");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]["kind"], "runs_memory");
  EXPECT_EQ(all[0]["severity"], "critical");
  EXPECT_EQ(all[0]["technique"], "T1620");
  EXPECT_EQ(all[0]["sha256"], sha256(read_file("/bin/sleep").value()).hex());
}

TEST_F(ProcessWatchTest, TellsWhatIsMappedFromWhereEverybodyMayWrite) {
  const std::string evil = place.write("system/open/evil.so", std::string(4096, 'x')).string();
  const Holder process([&] { return map_to_run(open(evil.c_str(), O_RDONLY)); });
  start();
  const auto all = told("host.process", "evil.so");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]["kind"], "maps_from_open_place");
  EXPECT_EQ(all[0]["technique"], "T1574");
  EXPECT_EQ(all[0]["sha256"], sha256(std::string(4096, 'x')).hex());
}

TEST_F(ProcessWatchTest, TellsWhatIsMappedFromMemoryAndWhatWasDeleted) {
  const std::string gone = place.write("system/usr/gone.so", std::string(4096, 'y')).string();
  const Holder process([&] {
    const int memory = memfd_create("kedge-test-library", 0);
    return ftruncate(memory, 4096) == 0 && map_to_run(memory) && map_to_run(open(gone.c_str(), O_RDONLY));
  });
  fs::remove(gone);
  start();
  EXPECT_EQ(told("host.process", "/memfd:kedge-test-library").at(0)["kind"], "maps_memory");
  EXPECT_EQ(told("host.process", gone).at(0)["kind"], "maps_deleted");
  EXPECT_EQ(told("host.process", gone).at(0)["sha256"], sha256(std::string(4096, 'y')).hex());
}

TEST_F(ProcessWatchTest, TellsWhatIsPreloaded) {
  const Holder process = running(at("usr/bin/tool"), {"LD_AUDIT=" + at("no-such.so")});
  place.write("system/etc/ld.so.preload", "/opt/evil.so\n");
  start();
  const auto variable = told("host.process", at("no-such.so"));
  ASSERT_EQ(variable.size(), 1U);
  EXPECT_EQ(variable[0]["kind"], "preload");
  EXPECT_EQ(variable[0]["value"], "LD_AUDIT=" + at("no-such.so"));
  EXPECT_EQ(variable[0]["technique"], "T1574.006");
  EXPECT_EQ(variable[0]["category"], "loader");
  const auto file = told("host.process", at("etc/ld.so.preload"));
  ASSERT_EQ(file.size(), 1U);
  EXPECT_EQ(file[0]["kind"], "preload_file");
  EXPECT_EQ(file[0]["value"], "/opt/evil.so");
  EXPECT_EQ(file[0]["severity"], "critical");
}

TEST_F(ProcessWatchTest, WhatThePolicyIsQuietAboutIsNotTold) {
  const Holder process = running(at("usr/bin/tool"));
  fs::remove(at("usr/bin/tool"));
  start([&](auto& options) { options.policy = {{{}, {system + "/*"}, true, MutationSeverity::low, ""}}; });
  rounds(1);
  EXPECT_TRUE(told("host.process", system).empty());
}

// What finds no room in a round is looked at in the next.
TEST_F(ProcessWatchTest, ReadsNoMoreInARoundThanItMay) {
  std::vector<std::string> paths;
  for (int i = 0; i < 3; ++i) {
    paths.push_back(place.write("system/open/" + std::to_string(i) + ".so", std::string(40'000, 'x')).string());
  }
  const Holder process([&] {
    bool done = true;
    for (const std::string& path : paths) done = done && map_to_run(open(path.c_str(), O_RDONLY));
    return done;
  });
  start([](auto& options) { options.bytes_max = 50'000; });
  EXPECT_LE(told("host.process", system + "/open/").size(), 1U);
  for (int i = 0; i < 100 && told("host.process", system + "/open/").size() < 3; ++i) rounds(1);
  EXPECT_EQ(told("host.process", system + "/open/").size(), 3U);
}

}  // namespace
}  // namespace kedge
