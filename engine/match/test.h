// Whether a value of an event passes a test of a pattern.
#pragma once

#include "match/fields.h"
#include "match/pattern.h"

namespace kedge {

// Exists{false} passes no value: absence is no value.
bool passes(const Test&, const FieldValue&);

inline bool wants_absence(const Test& test) {
  const auto* exists = std::get_if<Exists>(&test);
  return exists != nullptr && !exists->wanted;
}

}  // namespace kedge
