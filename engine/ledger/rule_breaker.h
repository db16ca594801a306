// The breaker of a rule on an account, from what its remediations there have come to. Pure functions: a ledger keeps
// what they make, so that it survives restarts, and asks them in the commit that starts or ends a remediation.
#pragma once

#include <optional>
#include <string>

#include "guard/breaker.h"
#include "ledger/change.h"

namespace kedge {

// Its rule's breaker on its account, where that keeps it from starting. Those that wait ask again one after the other,
// so that one is there when one is let through to see, and not all are observed again for it.
std::optional<OpenRuleBreaker> open_for(const Remediation&, const RuleBreaker&, const std::string& account, Time now,
                                        const BreakerLimits&);
// It starts, and is the probe where one is wanted. False: nothing has changed.
bool take_probe(RuleBreaker&, const Remediation&, Time now, const BreakerLimits&);
// It has ended by this move; `code`: of the outcome with which it did.
Breaker::Turned note_end(RuleBreaker&, const Remediation&, const Transition&, const std::string& code, Time now,
                         const BreakerLimits&);
// It waits for a person, who may take long: another one is let through to see.
void give_back_probe(RuleBreaker&, const Remediation&, Time now, const BreakerLimits&);
// What people are told when it has opened.
RaiseAlarm alarm_of(const RuleBreaker&, const std::string& rule, const std::string& account, Time now);

}  // namespace kedge
