#include "tests/simulate/simulated_world.h"

#include <chrono>
#include <utility>

#include "guard/admission.h"

namespace kedge {
namespace {

using Luck = FakeWorld::Luck;
using std::chrono::milliseconds;

constexpr uint64_t kLucks = static_cast<uint64_t>(Luck::resent) + 1;
constexpr Duration kImpatient = std::chrono::seconds(2);  // a look that isolation waits for has no more time
constexpr uint64_t kOneHeldBack = 8;                      // of so many events

Error nothing_was_sent() { return {ErrorCode::unavailable, "no connection"}; }

}  // namespace

std::string place_of(const std::string& name) { return name[0] == 'p' || name[0] == 'w' ? kThere : kHere; }

SimulatedWorld::SimulatedWorld(uint64_t seed, Plant planted)
    : baton(clock, seed),
      dice(seed * 104'729 + 3),
      plant(planted),
      values(clock, [this](Duration span) { baton.sleep(span); }),
      promises(clock, [this](const std::string& name) { return values.value(name); }) {}

bool SimulatedWorld::step(uint64_t life) {
  baton.pass();
  return goes_on(life);
}

bool SimulatedWorld::goes_on(uint64_t life) {
  if (is_dead(life)) return false;
  if ((fuse_ > 0 && --fuse_ == 0) || !promises.broken().empty()) kill();
  return !is_dead(life);
}

void SimulatedWorld::kill() {
  ++life_;
  fuse_ = 0;
  promises.engine_died();
  baton.wake(&life_);
  baton.wake(&log);
}

bool SimulatedWorld::hangs(const std::string& place) {
  const auto until = hangs_until_.find(place);
  return until != hangs_until_.end() && clock.elapsed() < until->second;
}

void SimulatedWorld::draw_luck(const std::string& name, bool writes) {
  if (hangs(place_of(name))) {
    values.next_writes({Luck::request_lost});
    values.next_reads({Luck::request_lost});
    return;
  }
  const bool bad = dice.below(10) < bad_luck;
  Luck luck = Luck::fine;
  if (writes) {
    luck = bad ? static_cast<Luck>(dice.below(kLucks)) : Luck::fine;
    values.next_writes({luck});
  } else {
    constexpr Luck kReads[] = {Luck::busy, Luck::request_lost, Luck::request_lost, Luck::throttled};
    values.next_reads({bad ? kReads[dice.below(4)] : Luck::fine});
  }
  const Duration delay = milliseconds(dice.below(21'000));  // within the call's timeout and the visibility delay
  values.set_delay(delay);
  if (luck == Luck::twice) promises.comes_again(name, clock.elapsed() + delay);
}

Result<HttpResponse> SimulatedWorld::send(uint64_t life, const HttpRequest& request) {
  if (is_dead(life)) return nothing_was_sent();
  const std::string name = request.url.substr(request.url.rfind('/') + 1);
  const uint64_t call = promises.calls(place_of(name));
  const int64_t head = durable_->head();
  if (request.writes) promises.writes(request, call, *durable_, values.on_its_way(name));
  baton.sleep(milliseconds(1 + dice.below(30)));
  if (!step(life)) return nothing_was_sent();
  tell_of_arrived();
  draw_luck(name, request.writes);
  const size_t writes_before = values.writes().size();
  const auto response = values.send(request);
  if (request.writes) {
    const std::vector<FakeWorld::Write> writes = values.writes();
    for (size_t i = writes_before; i < writes.size(); ++i) {
      const FakeWorld::Write& write = writes[i];
      promises.written(name, mark_in_agent(write.agent));
      if (write.done) tell(event_of(name, write.value, kOwnPrincipal, write.agent, Duration{}));
    }
  } else if (response && response->status == 200) {
    promises.looked(name, response->body, head);
  }
  if (!step(life)) return Error{ErrorCode::timeout, "no answer"};
  constexpr int kThrottled = 400;
  const bool bad = !response || response->status >= 500 || response->status == kThrottled;
  const bool impatient = !request.writes && request.timeout <= kImpatient;
  if (bad && impatient) {
    promises.gave_up(call);
  } else {
    promises.answered(call, bad);
  }
  return response;
}

std::string SimulatedWorld::change(const std::string& name, const std::string& value, bool is_told, Duration ago) {
  promises.changes(name);
  values.set(name, value);
  if (!is_told) return "";
  tell(event_of(name, value, "arn:aws:iam::123456789012:user/mallory", "aws-cli", ago));
  return "event-" + std::to_string(events_);
}

// Some come behind the one that follows them.
void SimulatedWorld::tell(std::string event) {
  if (!held_back_ && dice.below(kOneHeldBack) == 0) {
    held_back_ = std::move(event);
  } else {
    append(std::move(event));
  }
}

void SimulatedWorld::append(std::string record) {
  log.push_back({std::move(record), clock.now()});
  append_held_back();
  baton.wake(&log);
}

void SimulatedWorld::append_held_back() {
  if (!held_back_) return;
  log.push_back({*std::exchange(held_back_, std::nullopt), clock.now()});
  baton.wake(&log);
}

void SimulatedWorld::tell_of_arrived() {
  for (const FakeWorld::Write& write : values.arrived()) {
    tell(event_of(write.name, write.value, kOwnPrincipal, write.agent, Duration{}));
  }
}

std::string SimulatedWorld::event_of(const std::string& name, const std::string& value, const std::string& principal,
                                     const std::string& agent, Duration ago) {
  ++events_;
  return R"({"eventVersion":"1.09","eventID":"event-)" + std::to_string(events_) + R"(","eventTime":")" +
         format_time(durable().time_of_day() - ago) +
         R"(","eventSource":"values.amazonaws.com","eventName":"PutValue","eventType":"AwsApiCall",)" +
         R"("awsRegion":"here","recipientAccountId":"123456789012","userAgent":")" + agent +
         R"(","userIdentity":{"type":"IAMUser","arn":")" + principal + R"("},"requestParameters":{"name":")" + name +
         R"(","value":")" + value + R"("}})";
}

}  // namespace kedge
