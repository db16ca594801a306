// What an isolation that stands asks of others, and what they ask of it.
//
// While its lease runs nothing is under way on what it isolates: others may work there, and it has no locks. It takes
// them again to be released. Where another that stands isolated, too, found a part of it in force, or wrote it again,
// it stays for both. (One that found all of it in force has no lease: it ends confirmed.)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/change.h"

namespace kedge {

// What it does to isolate, step by step: two that do the same have the same words here.
std::vector<std::string> isolating_effects(const Plan&);

// Whether `other`, whose lease runs, needs the isolation that `r` would take back: it found it standing, or wrote the
// same itself when somebody had lifted it meanwhile; against the latter a person's word about `r` counts.
bool leans_on(const Remediation& other, const Remediation& r, Time now, bool by_person);

// Who keeps a remediation's writes from being taken back now.
struct Obstacle {
  std::string remediation;
  std::optional<Time> leased_until = std::nullopt;  // none: it works on the same target

  bool operator==(const Obstacle&) const = default;
};
Answer wait_for(const Obstacle&, Time now);
Error refusal_of(const PersonalMove&, const Obstacle&);

}  // namespace kedge
