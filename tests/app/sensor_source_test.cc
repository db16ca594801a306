// A real sensor on a small tree, with a lane that is the test: what it tells comes as batches, and is let go when they
// are committed.
#include "app/sensor_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/json.h"
#include "host/manifest.h"
#include "host/scan.h"
#include "tests/source/fake_positions.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class SensorSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    place.write("root/etc/hosts", "127.0.0.1 localhost\n");
    set_baseline();
    options.data = (place.path() / "sensor").string();
    options.sensor.host = "m1";
    options.sensor.watch = SensorOptions::Watch::inotify;
    options.sensor.packages_wait = Duration{0};
  }

  std::string root() const { return (place.path() / "root").string(); }
  void set_baseline() {
    auto scan = scan_tree(root(), {});
    ASSERT_TRUE(scan);
    Manifest manifest;
    for (const ScannedEntry& entry : scan->entries) manifest.entries.push_back(entry.state);
    auto read = parse_manifest(to_text(manifest), "golden.manifest");
    ASSERT_TRUE(read) << read.error().message;
    options.sensor.roots = {{root(), "/", std::make_shared<const ReadManifest>(*std::move(read)), {}, {}}};
  }

  void start() {
    mailbox = std::make_unique<Mailbox<Batch>>(1U << 20U);
    auto made = SensorSource::create("this-host", options, {mailbox.get()}, ledger, clock);
    ASSERT_TRUE(made) << made.error().message;
    source = *std::move(made);
    ASSERT_TRUE(source->start());
  }
  void stop() {
    mailbox->close();
    EXPECT_TRUE(source->stop(minutes(1)));
    source.reset();
  }

  // As a lane does, until an event of this type has come; `path`: of this file.
  void decide_until(const std::string& type, const std::string& path = "") {
    const auto is_wanted = [&](const Json& event) {
      return event["type"] == type && (path.empty() || event["data"].value("path", "") == root() + "/" + path);
    };
    const auto end = std::chrono::steady_clock::now() + minutes(1);
    while (std::none_of(events.begin(), events.end(), is_wanted)) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << type << " did not come";
      const auto batch = mailbox->take(milliseconds(100));
      if (batch && !batch->assignment().revoked) commit(*batch);
    }
  }
  void commit(const Batch& batch) {
    ASSERT_TRUE(ledger.move(batch));
    for (const SourceMessage& message : batch.messages()) {
      EXPECT_EQ(message.key, "m1");
      EXPECT_EQ(message.offset, static_cast<int64_t>(events.size()));
      events.push_back(*parse_json(message.value));
    }
    source->committed(batch.shared_assignment(), batch.next());
  }
  template <class Check>
  void wait_until(const Check& check) const {
    Mailbox<int> nothing(1);
    const auto end = std::chrono::steady_clock::now() + minutes(1);
    while (!check() && std::chrono::steady_clock::now() < end) nothing.take(milliseconds(5));
    EXPECT_TRUE(check());
  }
  size_t told(const std::string& path) const {
    return static_cast<size_t>(std::count_if(events.begin(), events.end(), [&](const Json& event) {
      return event["type"] == "host.mutation" && event["data"]["path"] == root() + "/" + path;
    }));
  }

  const TemporaryDirectory place;
  FakePositions ledger;
  SystemClock clock;
  SensorRunOptions options;
  std::unique_ptr<Mailbox<Batch>> mailbox;
  std::unique_ptr<SensorSource> source;
  std::vector<Json> events;  // committed, by their numbers
};

TEST_F(SensorSourceTest, HandsOverWhatItTellsAndGoesOnAfterARestart) {
  start();
  decide_until("sensor.ready");
  EXPECT_FALSE(source->ledger_in_doubt());
  EXPECT_TRUE(source->status().reading);
  EXPECT_THAT(source->status().problems, IsEmpty());
  place.write("root/etc/hosts", "6.6.6.6 localhost\n");
  decide_until("host.mutation", "etc/hosts");
  stop();
  place.write("root/etc/cron", "* * * * * root sh\n");
  start();
  decide_until("host.mutation", "etc/cron");
  decide_until("sensor.ready");
  EXPECT_EQ(told("etc/hosts"), 1U);
  EXPECT_EQ(told("etc/cron"), 1U);
  stop();
}

// It is stopped while its lane takes nothing: what it has told is in its spool, and comes with the next start.
TEST_F(SensorSourceTest, LosesNothingWhereNothingIsDecided) {
  start();
  place.write("root/etc/cron", "* * * * * root sh\n");
  wait_until([&] { return source->sensor() && source->sensor()->differing == 1; });
  EXPECT_GT(source->sensor()->spool.events, 0U);
  stop();
  EXPECT_THAT(events, IsEmpty());
  start();
  decide_until("host.mutation", "etc/cron");
  EXPECT_EQ(told("etc/cron"), 1U);
  stop();
}

TEST_F(SensorSourceTest, BeginsAnewWithOtherBaselines) {
  place.write("root/etc/hosts", "the next version\n");
  start();
  decide_until("host.mutation", "etc/hosts");
  set_baseline();
  source->use(options);
  decide_until("sensor.stopped");
  EXPECT_EQ(events.back()["data"]["reason"], "reload");
  wait_until([&] {
    const auto sensor = source->sensor();
    return sensor && sensor->has_read_all && sensor->differing == 0;
  });
  stop();
}

TEST_F(SensorSourceTest, SaysWhyNothingIsWatchedAndTriesAgain) {
  const auto lock = LockFile::take(place.write("sensor/lock", "").string(), "it is this test's");
  ASSERT_TRUE(lock);
  start();
  wait_until([&] { return !source->status().problems.empty(); });
  EXPECT_THAT(source->status().problems, Contains(HasSubstr("nothing is watched: ")));
  EXPECT_TRUE(source->ledger_in_doubt());
  EXPECT_FALSE(source->sensor());
  stop();
}

}  // namespace
}  // namespace kedge
