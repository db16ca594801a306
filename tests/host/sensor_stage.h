// A real tree under a real sensor: the fixture of its tests. The parameter names the watcher, "inotify" or "fanotify".
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/sensor.h"
#include "tests/support/temporary_directory.h"

namespace kedge {

namespace fs = std::filesystem;

class SensorTest : public testing::TestWithParam<std::string> {
 protected:
  static constexpr Duration kTurn = std::chrono::milliseconds(20);
  static constexpr Duration kPatience = std::chrono::seconds(30);

  void SetUp() override {
    write("etc/hosts", "127.0.0.1 localhost\n");
    write("etc/app/settings", "verbose = no\n");
    write("usr/bin/tool", "a tool");
    fs::permissions(at("usr/bin/tool"), fs::perms(0755));
    for (const char* made : {"etc/cron.d", "root/.ssh", "var/log"}) fs::create_directories(at(made));
  }

  std::string root() const { return (place.path() / "root").string(); }
  std::string at(const std::string& path) const { return root() + "/" + path; }
  void write(const std::string& path, const std::string& text) const { place.write("root/" + path, text); }
  void save_atomically(const std::string& path, const std::string& text) const {
    write(path + ".new", text);
    fs::rename(at(path + ".new"), at(path));
  }

  // The baseline is what is there now.
  void start(SensorOptions options = {}) {
    if (!baseline) {
      baseline = ReadManifest{};
      const Scan scan = scan_tree(root(), {}).value();
      for (const ScannedEntry& entry : scan.entries) baseline->manifest.entries.push_back(entry.state);
    }
    options.host = "web1";
    options.roots = {{root(), "/", std::make_shared<const ReadManifest>(*baseline), {}, {}}};
    options.watch = GetParam() == "inotify" ? SensorOptions::Watch::inotify : SensorOptions::Watch::fanotify;
    options.settle.window = std::chrono::milliseconds(20);
    auto opened =
        Sensor::open(std::move(options), clock, random, [this](HostEvent e) { events.push_back(std::move(e)); },
                     {[this](const SensorMemory::Fact& fact) { learn(fact); }, facts});
    if (!opened && opened.error().code == ErrorCode::refused) GTEST_SKIP() << opened.error().message;
    ASSERT_TRUE(opened) << opened.error().message;
    sensor = *std::move(opened);
    turn_until([&] { return sensor->has_read_all(); });
  }

  void learn(const SensorMemory::Fact& fact) {
    if (fact.below) std::erase_if(facts, [&](const auto& one) { return one.first.starts_with(fact.key); });
    facts.erase(fact.key);
    if (fact.value) facts.emplace(fact.key, *fact.value);
  }
  // Of the sensor alone: what it has remembered is there at the next start.
  void stop() {
    sensor->finish();
    sensor.reset();
    events.clear();
  }

  void turn_until(const std::function<bool()>& ready) {
    const Duration end = clock.elapsed() + kPatience;
    while (!ready()) {
      ASSERT_LT(clock.elapsed(), end) << "it did not come true; told was:\n" << told();
      auto done = sensor->turn(kTurn);
      ASSERT_TRUE(done) << done.error().message;
    }
  }

  // Until an event about a file that was made last has come: all before it has been looked at. The rescan may come upon
  // that file out of turn; then another is made.
  void settle() {
    for (bool by_watch = false; !by_watch && !testing::Test::HasFatalFailure();) {
      const std::string mark = "mark" + std::to_string(++marks);
      write(mark, "x");
      by_watch = wait_for("host.mutation", mark).value("found_by", "rescan") == "watch";
    }
  }

  const HostEvent* find(const std::string& type, const std::string& path) const {
    for (const HostEvent& event : events) {
      if (event.type == type && event.data.value("path", "") == (path.empty() ? root() : at(path))) return &event;
    }
    return nullptr;
  }
  const Json& wait_for(const std::string& type, const std::string& path) {
    turn_until([&] { return find(type, path) != nullptr; });
    static const Json kNone;
    const HostEvent* const event = find(type, path);
    return event == nullptr ? kNone : event->data;
  }

  // What was told but the marks: "host.mutation created /x".
  std::vector<std::string> mutations() const {
    std::vector<std::string> lines;
    for (const HostEvent& event : events) {
      if (!event.type.starts_with("host.")) continue;
      const std::string path = event.data.value("path", "");
      if (path.starts_with(at("mark"))) continue;
      lines.push_back(event.type.substr(5) + " " + event.data.value("kind", "") + " " + path);
    }
    return lines;
  }
  std::string told() const {
    std::string all;
    for (const HostEvent& event : events) all += event.type + " " + event.data.dump() + "\n";
    return all;
  }

  const TemporaryDirectory place;
  SystemClock clock;
  Random random{7};
  std::optional<ReadManifest> baseline;
  std::vector<HostEvent> events;
  SensorMemory::Facts facts;
  std::unique_ptr<Sensor> sensor;
  int marks = 0;
};

}  // namespace kedge
