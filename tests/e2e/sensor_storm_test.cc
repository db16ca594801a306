// A storm over a tree under `kedge sensor`, which stands still meanwhile, so that the kernel's queue overflows, and is
// killed and started again in the midst: in the end, who reads its events and has the baseline knows what is there.
// KEDGE_STORM_OPERATIONS says how many (few, if it is not set). No broker is there; the events lie in the spool.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "base/random.h"
#include "tests/e2e/spooled_events.h"
#include "tests/host/told_model.h"
#include "tests/host/watching.h"
#include "tests/support/child_process.h"
#include "tests/support/needs.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

constexpr int kWriters = 3;
constexpr uint64_t kDirectories = 60;  // of each writer
constexpr uint64_t kNames = 40;        // in each directory

int storm_size() {
  const char* const text = std::getenv("KEDGE_STORM_OPERATIONS");
  return text == nullptr ? 6'000 : std::atoi(text);
}

void write_text(const std::string& path, uint64_t text) { std::ofstream(path) << text; }

// What one of the writers does, in directories of its own.
class StormWriter {
 public:
  StormWriter(std::string root, int number) : root_(std::move(root)), random_(static_cast<uint64_t>(number) + 1) {}

  void prepare() {
    for (uint64_t i = 0; i < kDirectories; ++i) {
      fs::create_directories(directory(i));
      for (uint64_t name = 0; name < kNames; name += 2) write_text(file(i, name), name);
    }
  }

  void operate() {
    const std::string path = any();
    std::error_code impossible;
    switch (random_.below(8)) {
      case 0:
      case 1:
        return write_text(path, random_.number());
      case 2:
        return static_cast<void>(std::rename(path.c_str(), any().c_str()));
      case 3:
        return static_cast<void>(std::remove(path.c_str()));
      case 4:
        return static_cast<void>(chmod(path.c_str(), random_.below(2) == 0 ? 0644 : 0755));
      case 5:
        write_text(path + ".new", random_.number());
        return static_cast<void>(std::rename((path + ".new").c_str(), path.c_str()));
      case 6:
        fs::create_directories(path + ".d", impossible);
        return write_text(path + ".d/file", random_.number());
      default:
        fs::remove_all(path + ".d", impossible);
    }
  }

 private:
  std::string directory(uint64_t number) const { return root_ + "/" + std::to_string(number); }
  std::string file(uint64_t number, uint64_t name) const { return directory(number) + "/n" + std::to_string(name); }
  std::string any() { return file(random_.below(kDirectories), random_.below(kNames)); }

  const std::string root_;
  Random random_;
};

class SensorStorm : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    fs::create_directory(root_);
    for (int number = 0; number < kWriters; ++number) {
      writers_.emplace_back(root_ + "/writer" + std::to_string(number), number);
      writers_.back().prepare();
    }
    const auto baseline = scan_tree(root_, {});
    ASSERT_TRUE(baseline) << baseline.error().message;
    model_ = std::make_unique<ToldModel>(*baseline, root_);
    const auto made = run({.command = {kedge_program(), "baseline", "create", "--root", root_, "--output",
                                       (place_.path() / "golden.manifest").string()}});
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_EQ(made->exit, Exit{}) << made->output;
  }
  void TearDown() override {
    if (HasFailure() && sensor_ != nullptr) std::cerr << "---- the sensor said:\n" << sensor_->output();
  }

  void start() {
    const Json settings = {{"version", 1},
                           {"host", "web1"},
                           {"data", "data"},
                           {"watch", GetParam()},
                           {"roots", {{{"path", root_}, {"as", "/"}, {"baseline", "golden.manifest"}}}},
                           {"kafka", {{"brokers", {"127.0.0.1:1"}}, {"topic", "host-events"}}},
                           {"spool", {{"bytes_max", "4GiB"}}},
                           {"ports", {{"every", "0s"}}},
                           {"processes", {{"every", "0s"}}},
                           {"differing_max", 1'000'000}};
    const auto file = place_.write("sensor.yaml", settings.dump());
    auto started = ChildProcess::start({.command = {kedge_program(), "sensor", "-c", file.string()}});
    ASSERT_TRUE(started) << started.error().message;
    sensor_ = *std::move(started);
  }
  void wait_until_ready() {
    ASSERT_TRUE(told_.wait_for([](const HostEvent& event) { return event.type == "sensor.ready"; }));
  }

  // So many of all writers together, at the same time.
  void storm(int operations) {
    std::vector<std::thread> threads;
    for (StormWriter& writer : writers_) {
      threads.emplace_back([&writer, this, operations] {
        for (int i = 0; i < operations / kWriters; ++i, ++done_) writer.operate();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  // More than the kernel keeps for inotify, and not one of them like the one before.
  void fill_queue() const {
    std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
    int events = 0;
    limit >> events;
    const std::string one = root_ + "/one";
    const std::string other = root_ + "/other";
    write_text(one, 1);
    for (int i = 0; i < events / 2 + 1'000; ++i) {
      std::rename((i % 2 == 0 ? one : other).c_str(), (i % 2 == 0 ? other : one).c_str());
    }
  }

  // Until a file that was made last was told; the first round after a start may come upon it out of turn.
  void quiesce() {
    for (int marks = 0; marks < 10; ++marks) {
      const std::string mark = root_ + "/mark" + std::to_string(marks);
      write_text(mark, 1);
      std::string found_by;
      ASSERT_TRUE(told_.wait_for([&](const HostEvent& event) {
        if (event.data.value("path", "") != mark) return false;
        found_by = event.data.value("found_by", "");
        return true;
      }));
      if (found_by == "watch" || found_by == "doubt") return;
    }
    FAIL() << "the watcher tells nothing";
  }

  size_t told(const std::string& type, const std::string& reason) const {
    return told_.count([&](const HostEvent& event) {
      return event.type == type && event.data.dump().find(reason) != std::string::npos;
    });
  }

  const TemporaryDirectory place_;
  const std::string root_ = (place_.path() / "root").string();
  std::deque<StormWriter> writers_;
  std::unique_ptr<ToldModel> model_;
  std::unique_ptr<ChildProcess> sensor_;
  SpooledEvents told_{(place_.path() / "data/spool").string()};
  std::atomic<int> done_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Both, SensorStorm, testing::Values("inotify", "fanotify"),
                         [](const auto& watcher) { return watcher.param; });

TEST_P(SensorStorm, NothingThatDiffersIsMissedThoughItIsKilledInTheMidst) {
  const auto allowed = open_watcher_named(GetParam(), {{root_}, {}});
  if (!allowed && allowed.error().code == ErrorCode::refused) GTEST_SKIP() << allowed.error().message;
  ASSERT_TRUE(allowed) << allowed.error().message;
  const int part = storm_size() / 3;
  start();
  wait_until_ready();
  sensor_->signal(SIGSTOP);  // nobody reads the queue
  fill_queue();
  storm(part);
  sensor_->signal(SIGCONT);
  storm(part);

  std::thread rest([&] { storm(part); });
  while (done_ < part * 2 + part / 3) std::this_thread::yield();
  sensor_->signal(SIGKILL);
  ASSERT_TRUE(sensor_->wait());
  while (done_ < part * 2 + part / 2) std::this_thread::yield();
  start();
  rest.join();
  wait_until_ready();
  quiesce();
  sensor_->signal(SIGTERM);
  const auto ended = sensor_->wait();
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, Exit{});

  for (const HostEvent& event : told_.all()) {
    model_->take(event);
    model_->expect_again();
  }
  EXPECT_EQ(model_->differences(scan_tree(root_, {}).value()), "");
  const size_t overflows = told("sensor.lost", "overflow");
  if (GetParam() == "inotify") EXPECT_GT(overflows, 0U);
  if (GetParam() == "fanotify") EXPECT_EQ(overflows, 0U);
  std::cout << "storm      " << GetParam() << ": " << done_ << " operations, " << told_.all().size() << " events, "
            << overflows << " overflows, " << told("sensor.recovered", "overflow") << " recoveries\n";
}

}  // namespace
}  // namespace kedge
