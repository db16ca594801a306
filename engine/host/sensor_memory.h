// SensorMemory: what a sensor knows beyond its baselines, as facts that outlive it: what it has told, so that a start
// tells neither that again nor forgets what changed meanwhile.
//
// A fact is a key and a value in JSON; "forget" takes it away, also all whose key begins alike. They are given to be
// remembered when the event that they go with cannot be lost any more: a crash in between tells it again.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/json.h"

namespace kedge {

struct SensorMemory {
  struct Fact {
    std::string key;
    std::optional<Json> value;  // none: it is forgotten
    bool below = false;         // with all keys that begin with it
  };
  using Facts = std::map<std::string, Json>;
  using Remember = std::function<void(Fact)>;

  // By default nothing is remembered, and there was nothing before: a start tells all that differs.
  Remember remember = [](const Fact&) {};
  Facts earlier = {};
};

}  // namespace kedge
