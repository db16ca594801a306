// EndpointPromises: how the endpoints are called. One writes at an endpoint at a time, and one more that isolates; and
// one of which three calls in a row failed, or half of the last ten, is left alone for a while, and then called by one
// at a time until it answers. What one of them does is nothing to the other.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"
#include "tests/simulate/expect.h"

namespace kedge {

class EndpointPromises {
 public:
  EndpointPromises(Clock& clock, Expect expect) : clock_(clock), expect_(std::move(expect)) {}

  // A call begins, and ends; `bad`: it says that the endpoint is in trouble.
  uint64_t calls(const std::string& endpoint);
  void answered(uint64_t call, bool bad);
  // It was given less time than others, so nothing is to be learned from its failing.
  void gave_up(uint64_t call);
  // It is a write.
  void writes(uint64_t call, bool isolates);
  // An engine that dies forgets what it knew.
  void engine_died() { endpoints_.clear(), called_.clear(); }

 private:
  // As the engine must know it.
  struct Endpoint {
    std::deque<bool> failed;           // since it last answered a probe
    std::set<uint64_t> on_their_way;   // calls that count
    std::map<uint64_t, bool> writing;  // calls that have no answer yet, and whether they are of one that isolates
    std::optional<Duration> shut_at;   // none: it may be called
    std::optional<uint64_t> probe;     // shut: the one call that is made to see
    bool fails() const;
    void open_again();
  };

  Clock& clock_;
  const Expect expect_;
  std::map<std::string, Endpoint> endpoints_;
  std::map<uint64_t, std::string> called_;  // calls of this life that have no answer yet, and where
  uint64_t calls_ = 0;
};

}  // namespace kedge
