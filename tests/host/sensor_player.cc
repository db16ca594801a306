#include "tests/host/sensor_player.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "host/sensor.h"
#include "host/told_entry.h"
#include "tests/host/random_operations.h"
#include "tests/host/told_model.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kTurn = milliseconds(1);
constexpr Duration kPatience = seconds(60);

// A player that is given little of a core must not find that whole rounds of the rescan have passed between two of its
// turns: then the rescan comes upon all before the watcher's word of it is looked at.
class PlayersClock final : public Clock {
 public:
  Time now() override { return system_.now(); }
  Duration elapsed() override { return elapsed_; }
  std::string boot_id() override { return system_.boot_id(); }

  void turn() {
    const Duration now = system_.elapsed();
    elapsed_ += std::min(now - std::exchange(last_, now), kTurnMost);
  }

 private:
  static constexpr Duration kTurnMost = milliseconds(5);
  SystemClock system_;
  Duration last_ = system_.elapsed();
  Duration elapsed_ = last_;
};

class SensorPlayer {
 public:
  explicit SensorPlayer(const SensorPlay& play) : random_(play.seed) {
    for (uint64_t i = random_.below(80); i > 0; --i) operations_.operate();
    operations_.forget();
    const Scan scan = scan_tree(root_, {}).value();
    for (const ScannedEntry& entry : scan.entries) baseline_.manifest.entries.push_back(entry.state);
    model_.emplace(scan, root_);
    options_.host = "web1";
    options_.packages_wait = Duration{0};
    options_.watch = play.watcher == "inotify" ? SensorOptions::Watch::inotify : SensorOptions::Watch::fanotify;
    options_.settle.window = milliseconds(2);
    options_.settle.ceiling = milliseconds(10);
    const size_t settled[] = {4'000, 20'000, 16U << 20U};
    options_.settle.bytes_max = settled[random_.below(3)];
    if (random_.below(2) == 0) options_.rescan.every = options_.rescan.read_every = milliseconds(30);
  }

  Result<std::string> run(int operations) {
    if (auto done = start(); !done) return done.error();
    const uint64_t busy = 1 + random_.below(60);  // operations between two turns, in the mean
    for (int i = 0; i < operations && wrong_.empty(); ++i) {
      operations_.operate();
      if (random_.below(busy) == 0) turn();
      if (random_.below(80) == 0) quiesce();
      if (random_.below(80) == 0) {
        if (auto done = restart(); !done) return done.error();
      }
    }
    if (wrong_.empty()) quiesce();
    operations_.touch_everywhere();
    if (wrong_.empty()) quiesce();
    return wrong_.empty() ? "" : wrong_ + operations_.last();
  }

 private:
  Result<void> start() {
    options_.roots = {{root_, "/", std::make_shared<const ReadManifest>(baseline_), {}, {}}};
    auto opened =
        Sensor::open(options_, clock_, random_, [this](HostEvent event) { events_.push_back(std::move(event)); },
                     {[this](SensorMemory::Fact fact) { learned_.push_back(std::move(fact)); }, memory_});
    if (!opened) return opened.error();
    sensor_ = *std::move(opened);
    return {};
  }

  // Stopped, or killed: then what was told since it was kept the last time is known by nobody.
  Result<void> restart() {
    const bool is_killed = random_.below(2) == 0;
    operations_.note(is_killed ? "-- killed" : "-- stopped");
    if (is_killed) {
      die();
    } else {
      sensor_->finish();
      keep();
    }
    sensor_.reset();
    events_.clear();
    learned_.clear();
    for (uint64_t i = random_.below(20); i > 0; --i) operations_.operate();
    operations_.note("-- started");
    return start();
  }

  void turn() {
    clock_.turn();
    if (const auto done = sensor_->turn(kTurn); !done) wrong_ += done.error().message + "\n";
    if (random_.below(3) != 0) keep();
  }

  // As the program does with its spool and its memory: somebody reads what is in the spool.
  void keep() {
    learn(doubts_about(learned_));
    hand_on();
    learn(learned_);
    learn(doubts_settled(learned_));
    events_.clear();
    learned_.clear();
  }

  // Anywhere in the midst of that.
  void die() {
    const uint64_t done = random_.below(3);
    if (done > 0) learn(doubts_about(learned_));
    if (done > 1) hand_on();
    model_->expect_again();
  }

  void hand_on() {
    for (const HostEvent& event : events_) {
      wrong_ += model_->take(event);
      const std::string found_by = event.data.value("found_by", "");
      has_mark_ = has_mark_ || (event.data.value("path", "") == mark_ && (found_by == "watch" || found_by == "doubt"));
    }
  }

  void learn(const std::vector<SensorMemory::Fact>& facts) {
    for (const SensorMemory::Fact& fact : facts) {
      if (fact.below) std::erase_if(memory_, [&](const auto& one) { return one.first.starts_with(fact.key); });
      memory_.erase(fact.key);
      if (fact.value) memory_.emplace(fact.key, *fact.value);
    }
  }

  // Until a file that is made last was told. The rescan may come upon it out of turn; then another is made.
  void quiesce() {
    operations_.note("-- quiescence");
    const Duration end = clock_.elapsed() + kPatience;
    has_mark_ = false;
    for (int turns = 0; !has_mark_ && wrong_.empty(); ++turns) {
      if (turns % 100 == 0) {
        mark_ = root_ + "/mark" + std::to_string(++marks_);
        std::ofstream(mark_) << "x";
      }
      turn();
      keep();
      if (clock_.elapsed() > end) wrong_ += "a file that was made last was not told: " + mark_ + "\n";
    }
    if (wrong_.empty()) wrong_ += model_->differences(scan_tree(root_, {}).value());
  }

  Random random_;
  PlayersClock clock_;
  const TemporaryDirectory place_;
  const std::string root_ = (place_.path() / "root").string();
  RandomOperations operations_{random_, root_, (place_.path() / "outside").string()};
  ReadManifest baseline_;
  std::optional<ToldModel> model_;
  SensorOptions options_;
  SensorMemory::Facts memory_;
  std::vector<HostEvent> events_;  // since it was kept the last time
  std::vector<SensorMemory::Fact> learned_;
  std::unique_ptr<Sensor> sensor_;
  std::string mark_;
  int marks_ = 0;
  bool has_mark_ = false;
  std::string wrong_;
};

}  // namespace

Result<std::string> play(const SensorPlay& play) { return SensorPlayer(play).run(play.operations); }

}  // namespace kedge
