#include "tests/simulate/endpoint_promises.h"

#include <algorithm>
#include <chrono>

namespace kedge {
namespace {

constexpr Duration kLeftAlone = std::chrono::seconds(15);  // half of the shortest span of a breaker
// An action may think for so long before its first request: it was let through before the endpoint was shut.
constexpr Duration kThinks = std::chrono::milliseconds(100);

}  // namespace

bool EndpointPromises::Endpoint::fails() const {
  const size_t n = failed.size();
  const auto last = [&](size_t count) {
    return std::count(failed.end() - static_cast<ptrdiff_t>(count), failed.end(), true);
  };
  return n >= 3 && failed.back() && (last(3) == 3 || last(std::min<size_t>(n, 10)) >= 5);
}

void EndpointPromises::Endpoint::open_again() {
  failed.clear();
  on_their_way.clear();
  shut_at.reset();
}

uint64_t EndpointPromises::calls(const std::string& endpoint) {
  Endpoint& called = endpoints_[endpoint];
  called_[++calls_] = endpoint;
  if (called.shut_at && clock_.elapsed() - *called.shut_at <= kThinks) return calls_;
  if (called.shut_at) {
    expect_(clock_.elapsed() - *called.shut_at >= kLeftAlone, "an endpoint that fails is called again at once");
    expect_(!called.probe, "two calls at once are made to see whether an endpoint answers again");
    called.probe = calls_;
  } else {
    called.on_their_way.insert(calls_);
  }
  return calls_;
}

void EndpointPromises::writes(uint64_t call, bool isolates) {
  Endpoint& written = endpoints_[called_.at(call)];
  written.writing.emplace(call, isolates);
  const auto others =
      std::count_if(written.writing.begin(), written.writing.end(), [](const auto& one) { return !one.second; });
  expect_(others <= 1 && written.writing.size() <= 2, "two write at one endpoint at once");
}

void EndpointPromises::gave_up(uint64_t call) {
  const auto where = called_.find(call);
  if (where == called_.end()) return;
  Endpoint& called = endpoints_[where->second];
  called_.erase(where);
  called.on_their_way.erase(call);
  if (called.probe == call) called.probe.reset();
}

void EndpointPromises::answered(uint64_t call, bool bad) {
  const auto where = called_.find(call);
  if (where == called_.end()) return;
  Endpoint& called = endpoints_[where->second];
  called_.erase(where);
  called.writing.erase(call);
  if (called.probe == call) {
    called.probe.reset();
    if (bad) called.shut_at = clock_.elapsed();
    if (!bad) called.open_again();
  } else if (called.on_their_way.erase(call) > 0) {
    called.failed.push_back(bad);
    if (!called.fails()) return;
    called.shut_at = clock_.elapsed();
    called.on_their_way.clear();
  }
}

}  // namespace kedge
