// When two JSON numbers are the same number.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kedge {

// The value of a JSON number, if it is comparable: if its exact decimal value is the shortest decimal that its nearest
// double is written as. 0.1, 1e300, 1.50 and 9007199254740992 are; 9007199254740993, 0.1234567890123456789 and 1e400
// are not: as doubles they would be taken for their neighbours. -0 is 0. `text` must be a number by the JSON grammar.
std::optional<double> comparable_number(std::string_view text);

// The same in two steps, for numbers of which most need not be compared to the last digit.
struct NearestNumber {
  enum class State : uint8_t { comparable, unsure, incomparable };
  double value = 0;
  State state = State::incomparable;
};

// `unsure`: comparable if confirm_number() says so. `incomparable` ones have no value.
NearestNumber nearest_number(std::string_view text);
bool confirm_number(std::string_view text, double nearest);

}  // namespace kedge
