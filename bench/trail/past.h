// A ledger whose journal tells a long past, and nothing else: records shaped like those of RECORDS.md, in the mix of a
// cell that sees much and acts on some of it.
#pragma once

#include <cstdint>
#include <string>

namespace kedge {

// Makes it in `directory`, which must not hold one.
void make_trail(const std::string& directory, int64_t records);

// What the past has, by number: target 0 is the most frequent one.
std::string past_rule(size_t number);
std::string past_target(size_t number);
std::string past_actor(size_t number);
inline constexpr size_t kPastRules = 60;
inline constexpr size_t kPastTargets = 200'000;
inline constexpr size_t kPastActors = 3'000;

[[noreturn]] void fail_trail(const std::string& why);

}  // namespace kedge
