// kedge sensor against a real broker: what is done to a tree, and the events that an ordinary client reads of it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "tests/host/own_network.h"
#include "tests/support/child_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/kafka_client.h"
#include "tests/support/needs.h"
#include "tests/support/temporary_directory.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::Contains;
using testing::IsEmpty;

class SensorScene : public testing::Test {
 protected:
  void SetUp() override {
    write("usr/bin/tool", "a tool", 0755);
    write("etc/hosts", "127.0.0.1 localhost\n");
    write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    for (const char* made : {"etc/cron.d", "etc/systemd/system", "root/.ssh", "srv", "var/log"}) {
      fs::create_directories(at(made));
    }
    make_baseline();
  }
  void TearDown() override {
    if (HasFailure() && sensor_ != nullptr) std::cerr << "---- the sensor said:\n" << sensor_->output();
  }

  std::string root() const { return (place_.path() / "root").string(); }
  std::string at(const std::string& path) const { return root() + "/" + path; }
  void write(const std::string& path, const std::string& text, mode_t mode = 0644) const {
    place_.write("root/" + path, text);
    ASSERT_EQ(chmod(at(path).c_str(), mode), 0);
  }
  // As editors and package managers do it.
  void replace(const std::string& path, const std::string& text, mode_t mode = 0644) const {
    write(path + ".tmp", text, mode);
    fs::rename(at(path + ".tmp"), at(path));
  }

  void make_baseline() const {
    const auto made = run({.command = {kedge_program(), "baseline", "create", "--root", root(), "--output",
                                       (place_.path() / "golden.manifest").string()}});
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_EQ(made->exit, Exit{}) << made->output;
  }

  void use(Result<std::unique_ptr<KafkaBroker>> broker) {
    KEDGE_NEEDS(broker);
    broker_ = *std::move(broker);
    topic_ = unique("host-events");
    ASSERT_TRUE(create_topic(broker_->properties(), topic_, 1));
  }

  void start(const Json& more = Json::object()) {
    Json settings = {
        {"version", 1},
        {"host", "web1"},
        {"data", "data"},
        {"roots", {{{"path", root()}, {"as", "/"}, {"baseline", "golden.manifest"}}}},
        {"kafka", {{"brokers", {broker_->address(KafkaListener::plain)}}, {"topic", topic_}, {"timeout", "2s"}}},
        {"settle", {{"window", "500ms"}}},
        {"heartbeat", "1s"}};
    settings.update(more);
    const auto file = place_.write("sensor.yaml", settings.dump());
    auto started = ChildProcess::start({.command = {kedge_program(), "sensor", "-c", file.string()}});
    ASSERT_TRUE(started) << started.error().message;
    sensor_ = *std::move(started);
  }
  void stop() {
    sensor_->signal(SIGTERM);
    const auto ended = sensor_->wait();
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_EQ(*ended, Exit{}) << sensor_->output();
  }

  // Reads on until an event has come that is wanted; all that came is in `events_`.
  const Json& wait_for(const std::function<bool(const Json&)>& wanted) {
    static const Json kNone;
    const auto end = steady_clock::now() + seconds(60);
    for (;;) {
      for (; seen_ < events_.size(); ++seen_) {
        if (wanted(events_[seen_])) return events_[seen_++];
      }
      if (steady_clock::now() > end) {
        ADD_FAILURE() << "it did not come; there are:\n" << all();
        return kNone;
      }
      read_more();
    }
  }
  const Json& wait_for(const std::string& type, const std::string& path = "") {
    seen_ = 0;
    return wait_for([&](const Json& event) {
      return event["type"] == type && (path.empty() || event["data"].value("path", "") == at(path));
    });
  }

  // Everything that the topic holds, and at least one record more than before (a heartbeat comes each second).
  void read_more() {
    const auto records = read_topic(broker_->properties(), topic_, events_.size() + 1);
    if (!records) return;
    for (size_t i = events_.size(); i < records->size(); ++i) {
      const KafkaRecord& record = (*records)[i];
      EXPECT_EQ(record.key, "web1");
      EXPECT_THAT(record.headers, Contains(std::pair<std::string, std::string>(
                                      "content-type", "application/cloudevents+json; charset=UTF-8")));
      auto event = parse_json(*record.value);
      ASSERT_TRUE(event) << event.error().message;
      events_.push_back(*std::move(event));
    }
  }
  std::string all() const {
    std::string text;
    for (const Json& event : events_) text += event.dump() + "\n";
    return text;
  }
  std::vector<std::string> mutated() const {
    std::vector<std::string> paths;
    for (const Json& event : events_) {
      if (event["type"] == "host.mutation") paths.push_back(event["data"]["path"]);
    }
    return paths;
  }

  const TemporaryDirectory place_;
  std::unique_ptr<KafkaBroker> broker_;
  std::string topic_;
  std::unique_ptr<ChildProcess> sensor_;
  std::vector<Json> events_;
  size_t seen_ = 0;
};

TEST_F(SensorScene, TellsEachTechniqueOnceAndNothingOfWhatEndsAsItWas) {
  use(KafkaBroker::shared("3.9.2"));
  if (IsSkipped() || HasFailure()) return;
  start();
  EXPECT_EQ(wait_for("sensor.ready")["data"]["differing"], 0);

  replace("etc/hosts", "127.0.0.1 localhost\n");  // an editor's save, with nothing changed
  write("var/log/syslog", "a line\n");            // a healthy server's day
  replace("usr/bin/tool", "a trojan", 0755);
  write("srv/shell", "a shell", 04755);
  write("root/.ssh/authorized_keys", "ssh-ed25519 AAAA mallory\n");
  write("etc/cron.d/job", "* * * * * root /srv/shell\n");
  write("etc/systemd/system/evil.service", "[Service]\nExecStart=/srv/shell\n");
  write("etc/ld.so.preload", "/srv/evil.so\n");
  fs::permissions(at("etc/passwd"), fs::perms(0666));

  struct Expected {
    const char *path, *kind, *category, *technique, *severity;
  };
  for (const Expected& one : std::initializer_list<Expected>{
           {"usr/bin/tool", "modified", "binary", "T1554", "high"},
           {"srv/shell", "created", "binary", "T1548.001", "critical"},
           {"root/.ssh/authorized_keys", "created", "credentials", "T1098.004", "critical"},
           {"etc/cron.d/job", "created", "persistence", "T1053.003", "high"},
           {"etc/systemd/system/evil.service", "created", "persistence", "T1543.002", "high"},
           {"etc/ld.so.preload", "created", "loader", "T1574.006", "critical"},
           {"etc/passwd", "mode", "credentials", "T1136.001", "high"}}) {
    const Json event = wait_for("host.mutation", one.path);
    const Json& data = event["data"];
    EXPECT_EQ(data["kind"], one.kind) << one.path;
    EXPECT_EQ(data["category"], one.category) << one.path;
    EXPECT_EQ(data["technique"], one.technique) << one.path;
    EXPECT_EQ(data["severity"], one.severity) << one.path;
    EXPECT_EQ(event["subject"], "host:web1" + at(one.path));
    EXPECT_EQ(event["source"], "kedge.sensor");
  }
  const Json tool = wait_for("host.mutation", "usr/bin/tool")["data"];
  EXPECT_EQ(tool["before"]["sha256"], sha256("a tool").hex());
  EXPECT_EQ(tool["after"]["sha256"], sha256("a trojan").hex());
  EXPECT_EQ(tool["after"]["mode"], "0755");
  struct stat status {};
  ASSERT_EQ(stat(at("usr/bin/tool").c_str(), &status), 0);
  EXPECT_EQ(tool["after"]["inode"], status.st_ino);

  replace("usr/bin/tool", "a tool", 0755);
  EXPECT_EQ(wait_for("host.restored", "usr/bin/tool")["data"]["kind"], "modified");
  wait_for("sensor.heartbeat");
  stop();
  wait_for("sensor.stopped");
  std::map<std::string, int> times;
  for (const std::string& path : mutated()) ++times[path];
  EXPECT_EQ(times.size(), 7U) << all();
  for (const auto& [path, count] : times) EXPECT_EQ(count, 1) << path;
  EXPECT_EQ(times.count(at("etc/hosts")), 0U);
}

TEST_F(SensorScene, RecoversFromAnOverflowOfTheKernelsQueue) {
  use(KafkaBroker::shared("3.9.2"));
  if (IsSkipped() || HasFailure()) return;
  start({{"watch", "inotify"}});
  wait_for("sensor.ready");
  write("srv/one", "");
  sensor_->signal(SIGSTOP);  // so that nobody reads the queue
  for (int i = 0; i < 12'000; ++i) {
    fs::rename(at(i % 2 == 0 ? "srv/one" : "srv/two"), at(i % 2 == 0 ? "srv/two" : "srv/one"));
  }
  write("etc/cron.d/in-the-storm", "* * * * * root id\n");
  sensor_->signal(SIGCONT);
  EXPECT_EQ(wait_for("sensor.lost")["data"]["reason"], "overflow");
  EXPECT_EQ(wait_for("host.mutation", "etc/cron.d/in-the-storm")["data"]["technique"], "T1053.003");
  EXPECT_EQ(wait_for("sensor.recovered")["data"]["reasons"], Json({"overflow"}));
  write("etc/cron.d/afterwards", "* * * * * root id\n");
  EXPECT_EQ(wait_for("host.mutation", "etc/cron.d/afterwards")["data"]["found_by"], "watch");
  stop();
}

TEST_F(SensorScene, LosesNothingWhileKafkaIsAwayAndItIsKilled) {
  use(KafkaBroker::start({}));
  if (IsSkipped() || HasFailure()) return;
  start();
  wait_for("sensor.ready");
  ASSERT_TRUE(broker_->stop());
  for (int i = 0; i < 50; ++i) write("srv/away-" + std::to_string(i), "made while Kafka is away");
  ASSERT_TRUE(sensor_->wait_for_line("events wait on disk"));
  sensor_->signal(SIGKILL);
  ASSERT_TRUE(sensor_->wait());
  for (int i = 0; i < 50; ++i) write("srv/down-" + std::to_string(i), "made while the sensor is down");
  ASSERT_TRUE(broker_->start_again());
  start();
  for (int i = 0; i < 50; ++i) {
    wait_for("host.mutation", "srv/away-" + std::to_string(i));
    EXPECT_EQ(wait_for("host.mutation", "srv/down-" + std::to_string(i))["data"]["found_by"], "start");
  }
  stop();
}

// The ports of the machine that the tests run on are not ours to say: the one that is opened is.
TEST_F(SensorScene, TellsAPortThatIsOpenedAndAcrossARestartOnlyOnce) {
  use(KafkaBroker::shared("3.9.2"));
  if (IsSkipped() || HasFailure()) return;
  start({{"ports", {{"every", "100ms"}, {"patience", "0s"}}}});
  wait_for("sensor.heartbeat");
  auto listener = std::make_unique<Descriptor>(bound_socket(SOCK_STREAM, "127.0.0.1", 0));
  sockaddr_in name{};
  socklen_t size = sizeof name;
  ASSERT_EQ(getsockname(listener->get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  const int port = ntohs(name.sin_port);
  const auto is_ours = [&](const Json& event) { return event["data"].value("port", 0) == port; };
  const Json opened = wait_for(is_ours);
  EXPECT_EQ(opened["type"], "host.port");
  EXPECT_EQ(opened["subject"], "host:web1");
  EXPECT_EQ(opened["data"]["kind"], "opened");
  EXPECT_EQ(opened["data"]["technique"], "T1571");
  EXPECT_EQ(opened["data"]["holder"]["pid"], getpid());
  stop();
  start({{"ports", {{"every", "100ms"}, {"patience", "0s"}}}});
  seen_ = events_.size();
  wait_for([&](const Json& event) { return event["type"] == "sensor.started"; });
  wait_for([&](const Json& event) { return event["type"] == "sensor.heartbeat"; });
  listener.reset();
  EXPECT_EQ(wait_for(is_ours)["type"], "host.restored");
  stop();
  EXPECT_EQ(std::count_if(events_.begin(), events_.end(), is_ours), 2) << all();
}

TEST_F(SensorScene, TellsAProcessWhoseProgramWasRemoved) {
  use(KafkaBroker::shared("3.9.2"));
  if (IsSkipped() || HasFailure()) return;
  start({{"processes", {{"every", "1s"}}}});
  const std::string program = (place_.path() / "implant").string();
  fs::copy_file("/bin/sleep", program);
  auto implant = ChildProcess::start({.command = {program, "1000"}});
  ASSERT_TRUE(implant) << implant.error().message;
  const auto is_ours = [&](const Json& event) { return event["data"].value("path", "") == program; };
  EXPECT_EQ(wait_for(is_ours)["data"]["kind"], "runs_from_open_place");  // it lies below /tmp
  fs::remove(program);
  const Json event = wait_for(is_ours);
  EXPECT_EQ(event["type"], "host.process");
  EXPECT_EQ(event["data"]["kind"], "runs_deleted");
  EXPECT_EQ(event["data"]["technique"], "T1620");
  EXPECT_EQ(event["data"]["processes_first"][0]["pid"], (*implant)->pid());
  implant->reset();
  wait_for([&](const Json& one) { return one["type"] == "host.restored" && is_ours(one); });
  stop();
}

// All other tests here run so, too: confined, it sees and sends everything.
TEST_F(SensorScene, GivesUpWhatItDoesNotNeed) {
  use(KafkaBroker::shared("3.9.2"));
  if (IsSkipped() || HasFailure()) return;
  start();
  wait_for("sensor.ready");
  const auto status = read_file("/proc/" + std::to_string(sensor_->pid()) + "/status", 1U << 16U);
  ASSERT_TRUE(status);
  EXPECT_THAT(*status, testing::HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(*status, testing::HasSubstr("Seccomp:\t2"));
  EXPECT_THAT(*status, testing::HasSubstr("CapInh:\t0000000000000000"));
  const uint64_t kept = std::stoull(status->substr(status->find("CapPrm:\t") + 8, 16), nullptr, 16);
  EXPECT_EQ(kept & ~uint64_t{0x280004}, 0U);  // dac_read_search, sys_ptrace, sys_admin
  // Each thread: those of librdkafka, too.
  for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(sensor_->pid()) + "/task")) {
    const auto text = read_file((task.path() / "status").string(), 1U << 16U);
    if (text) {
      EXPECT_THAT(*text, testing::HasSubstr("Seccomp:\t2"));
    }
  }
  stop();
}

// What was told before it was killed is not told again; what changed while it was down is.
TEST_F(SensorScene, RepeatsNothingAfterItWasKilled) {
  use(KafkaBroker::shared("3.9.2"));
  if (IsSkipped() || HasFailure()) return;
  start();
  wait_for("sensor.ready");
  for (int i = 0; i < 20; ++i) write("srv/told-" + std::to_string(i), "x");
  for (int i = 0; i < 20; ++i) wait_for("host.mutation", "srv/told-" + std::to_string(i));
  seen_ = events_.size();
  for (int i = 0; i < 2; ++i) wait_for([](const Json& event) { return event["type"] == "sensor.heartbeat"; });
  sensor_->signal(SIGKILL);
  ASSERT_TRUE(sensor_->wait());
  write("srv/told-7", "changed while it was down");
  fs::remove(at("srv/told-8"));
  start();
  const auto is_at_start = [&](const std::string& path) {
    return [=, this](const Json& event) {
      return event["data"].value("path", "") == at(path) && event["data"].value("found_by", "") == "start";
    };
  };
  EXPECT_EQ(wait_for(is_at_start("srv/told-7"))["data"]["kind"], "modified");
  seen_ = 0;
  EXPECT_EQ(wait_for(is_at_start("srv/told-8"))["type"], "host.restored");
  stop();
  wait_for("sensor.stopped");
  std::map<std::string, int> times;
  for (const std::string& path : mutated()) ++times[path];
  for (const auto& [path, count] : times) EXPECT_EQ(count, path == at("srv/told-7") ? 2 : 1) << path;
}

TEST_F(SensorScene, TellsAMistakeWithFileLineAndField) {
  const auto file = place_.write("sensor.yaml",
                                 "version: 1\ndata: data\nroots:\n  - {path: /srv, baseline: none}\n"
                                 "kafka: {brokers: [\"a:1\"], topic: t}\nheartbeet: 1s\n");
  const auto ran = run({.command = {kedge_program(), "sensor", "--check", "-c", file.string()}});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->exit, (Exit{1, 0}));
  EXPECT_THAT(ran->output, testing::HasSubstr("sensor.yaml:4: roots[0].baseline: "));
  EXPECT_THAT(ran->output,
              testing::HasSubstr("sensor.yaml:6: heartbeet: is not a known key (did you mean 'heartbeat'?)"));
}

}  // namespace
}  // namespace kedge
