// Whether a value of an event passes a test of a pattern.
#pragma once

#include "match/fields.h"
#include "match/pattern.h"

namespace kedge {

// Exists{false} passes no value: absence is no value. `fields` are those that the value is one of.
bool passes(const Test&, const FieldValue& value, const Fields& fields);

inline bool wants_absence(const Test& test) {
  const auto* exists = std::get_if<Exists>(&test);
  return exists != nullptr && !exists->wanted;
}

}  // namespace kedge
