// OwnThings: what the engine must not turn against: the role that it acts as, its host, its brokers, its data. Pure
// functions of values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/action_spec.h"
#include "plan/plan.h"

namespace kedge {

inline constexpr const char* kSelfProtection = "self-protection";  // the guard's name

// A key as actions touch them; with one * at its end all that begin so.
struct OwnThing {
  std::string key;
  std::string what;    // for people
  bool below = false;  // it is a folder: all in it is own, too, and what it lies in

  bool operator==(const OwnThing&) const = default;
};

// With the ARNs that are us.
std::vector<OwnThing> with_principals(std::vector<OwnThing>, const std::vector<std::string>& arns);

// The keys that a plan writes, as far as its actions tell from their arguments; where they tell nothing, its target.
std::vector<std::string> keys_touched(const Plan&, const ActionCatalog&);

// The first of the keys that is one, as a thing with that very key; none: nothing of ours is touched.
std::optional<OwnThing> own_among(const std::vector<std::string>& keys, const std::vector<OwnThing>&);

}  // namespace kedge
