#include "pipeline/sensors_heard.h"

#include <algorithm>
#include <optional>

#include "base/json.h"

namespace kedge {
namespace {

constexpr std::string_view kSensor = "kedge.sensor";
constexpr std::string_view kHost = "host:";
constexpr size_t kNameBytesMax = 255;
constexpr Duration kForgetEvery = std::chrono::minutes(1);  // where more hosts are told than there is room for

// "web1" of ["host:web1/usr/bin/ssh"].
std::optional<std::string> host_of(const Event& event) {
  const Json resources = Json::parse(event.resources, nullptr, false);
  if (!resources.is_array() || resources.empty() || !resources[0].is_string()) return std::nullopt;
  std::string name = resources[0].get<std::string>();
  if (!name.starts_with(kHost)) return std::nullopt;
  name = name.substr(kHost.size(), name.find('/') - kHost.size());
  return name.empty() || name.size() > kNameBytesMax ? std::nullopt : std::optional(name);
}

}  // namespace

void SensorsHeard::take(const Event& event, Clock& clock) {
  if (event.source != kSensor) return;
  const auto at = parse_time(event.time);
  const auto host = at ? host_of(event) : std::nullopt;
  const Time now = clock.now();
  if (host && *at + kKeptFor > now) take_host(*host, std::min(*at, now), now);
}

void SensorsHeard::take_host(const std::string& host, Time at, Time now) {
  const std::lock_guard lock(mutex_);
  const auto known = status_.heard.find(host);
  if (known != status_.heard.end()) {
    known->second = std::max(known->second, at);
    return;
  }
  if (status_.heard.size() >= kHostsMax && forgot_ + kForgetEvery <= now) forget_gone(now);
  if (status_.heard.size() >= kHostsMax) {
    ++status_.beyond;
    return;
  }
  status_.heard.emplace(host, at);
}

SensorsHeard::Status SensorsHeard::status(Time now) {
  const std::lock_guard lock(mutex_);
  forget_gone(now);
  return status_;
}

void SensorsHeard::forget_gone(Time now) {
  forgot_ = now;
  std::erase_if(status_.heard, [now](const auto& one) { return one.second + kKeptFor <= now; });
}

}  // namespace kedge
