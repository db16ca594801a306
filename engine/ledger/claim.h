// Claims: what a rule has confirmed about a target, kept so that reconcile can look at it again (contracts §9). Pure
// functions: a ledger keeps what they make.
//
// A claim begins, or is renewed, in the commit that confirms, and a live event that finds the target again keeps it
// fresh. It ends with its rule (gone, off, or asking for it no longer), when a person undoes what was done or rejects
// what reconcile found, and kClaimLives after it was last seen in an event.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ledger/change.h"

namespace kedge {

inline constexpr Duration kClaimLives = std::chrono::hours(24 * 30);

// Reconcile goes round the claims like the hand of a dial, and each has its place on it: by the hash of rule and
// target, so that those of one rule, or of one account, stand far apart.
inline constexpr uint32_t kDialPoints = 1U << 24U;
uint32_t phase_of(const std::string& rule, const std::string& target);

// The claim that `confirmed` leaves behind; none where its rule (as it is loaded: `now`) does not ask for one, or where
// nothing of its plan stays. What only isolates does not stay. `before`: the claim so far. What reconcile itself has
// put right renews a claim, and makes none: a person may have ended it meanwhile.
std::optional<Claim> claim_of(const Remediation& confirmed, Reconcile now, const std::optional<Claim>& before, Time at);

bool is_expired(const Claim&, Time now);

// Refuses a Change of a claim that has ended, or was renewed since it was read.
Result<void> check_claim(const FindDrift&, const std::optional<Claim>& stored, Time now);
Result<void> check_claim(const ExpireClaim&, const std::optional<Claim>& stored, Time now);

// What reconcile found, as a finding of its own origin. The claim's `found` makes its key: the same one until the
// commit that takes it.
Finding finding_of(const Claim&, const FindDrift&, Time now);

// Whether the claims of a rule that is loaded so stay.
bool keeps_claims(const LoadedRule&);
// Whether a live event told of it: claims are fresh by no other.
bool is_of_live_event(const Finding&);
// Whether a person's word about a remediation ends its rule's claim on its target.
bool ends_claim(const PersonalMove&, const Remediation&);

// A remediation that reconcile asked for, and not an event.
bool is_of_reconcile(const Remediation&);

}  // namespace kedge
