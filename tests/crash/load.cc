#include "tests/crash/load.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kedge {
namespace {

constexpr int kPartitions = 2;  // of Scene's topic

}  // namespace

Load::Load(Cloud& cloud, KafkaProducer& producer, std::string topic, Options options)
    : cloud_(cloud), producer_(producer), topic_(std::move(topic)), options_(options), random_(options.seed) {
  for (int i = 0; i < options.buckets; ++i) targets_.push_back({Kind::bucket, "bucket-" + std::to_string(i)});
  for (int i = 0; i < options.trails; ++i) targets_.push_back({Kind::trail, "trail-" + std::to_string(i)});
  for (const Target& target : targets_) {
    if (target.kind == Kind::bucket) cloud_.make_bucket(target.name);
    if (target.kind == Kind::trail) cloud_.make_trail(target.name);
  }
  for (int i = 0; i < options.groups; ++i) {
    targets_.push_back({Kind::group, cloud_.make_security_group("group-" + std::to_string(i))});
  }
}

Load::~Load() { stop(); }

void Load::start() {
  running_ = true;
  thread_ = std::thread([this] {
    while (running_) {
      drift(targets_[random_.below(targets_.size())]);
      std::this_thread::sleep_for(options_.pause);
    }
  });
}

void Load::stop() {
  running_ = false;
  if (thread_.joinable()) thread_.join();
}

void Load::drift_all() {
  for (const Target& target : targets_) drift(target);
}

void Load::tell_again(const std::vector<std::string>& of) {
  const std::vector<Json> events = events_;
  const std::vector<Drift> drifts = drifts_;
  for (size_t i = 0; i < events.size(); ++i) {
    if (std::find(of.begin(), of.end(), drifts[i].target) == of.end()) continue;
    Json event = event_of("", "", nullptr, nullptr);  // for its time and its ids
    for (const char* member : {"eventSource", "eventName", "requestParameters", "responseElements", "resources"}) {
      if (events[i].contains(member)) event[member] = events[i].at(member);
    }
    const auto now = FaultProxy::Clock::now();
    drifts_.push_back({drifts[i].target, event.at("requestID"), now, now});
    events_.push_back(event);
    tell(event);
  }
}

void Load::drift(const Target& target) {
  Drift drift{.target = target.name, .event = {}, .from = FaultProxy::Clock::now(), .to = {}};
  const Json event = make_drift(target);
  drift.to = FaultProxy::Clock::now();
  drift.event = event.at("requestID");
  drifts_.push_back(drift);
  events_.push_back(event);
  tell(event);
}

void Load::tell(const Json& event) {
  const bool delivered = random_.below(2) == 0;
  const Json wrapped = in_eventbridge(event);
  produce(delivered ? wrapped.dump() : event.dump());
  if (random_.below(10) == 0) produce(delivered ? event.dump() : wrapped.dump());  // CloudTrail delivers twice
  if (random_.below(20) == 0) {
    ++poison_;
    produce("this is no event");
  }
}

Json Load::make_drift(const Target& target) {
  if (target.kind == Kind::trail) return cloud_.stop_logging(target.name);
  if (target.kind == Kind::group) return cloud_.open_security_group(target.name, ++port_);
  switch (random_.below(3)) {
    case 0:
      return cloud_.open_by_acl(target.name);
    case 1:
      return cloud_.open_by_policy(target.name);
    default:
      return cloud_.open_by_removing_its_block(target.name);
  }
}

bool Load::is_right(const Target& target) {
  switch (target.kind) {
    case Kind::trail:
      return cloud_.is_logging(target.name);
    case Kind::group:
      return !cloud_.lets_the_world_in(target.name);
    case Kind::bucket:
      break;
  }
  return cloud_.is_blocked(target.name) && !cloud_.acl_is_public(target.name) &&
         cloud_.policy(target.name).dump().find("Everybody") == std::string::npos;
}

std::vector<std::string> Load::not_right() {
  std::vector<std::string> wrong;
  for (const Target& target : targets_) {
    const bool has_drifted =
        std::any_of(drifts_.begin(), drifts_.end(), [&](const Drift& drift) { return drift.target == target.name; });
    if (has_drifted && !is_right(target)) wrong.push_back(target.name);
  }
  return wrong;
}

void Load::produce(const std::string& value) {
  ++messages_;
  const auto partition = static_cast<int>(random_.below(kPartitions));
  const auto sent = producer_.produce({.topic = topic_, .value = value, .partition = partition});
  EXPECT_TRUE(sent) << sent.error().message;
  const auto flushed = producer_.flush();
  EXPECT_TRUE(flushed) << flushed.error().message;
}

}  // namespace kedge
