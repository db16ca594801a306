// Findings, rules and Changes as tests need them: whole, valid, and different only in what the test is about.
#pragma once

#include <string>
#include <vector>

#include "ledger/change.h"

namespace kedge {

inline constexpr const char* kSampleRule = "aws.s3.public-bucket";

// A rule set with this one rule.
LoadRules sample_rules(Mode mode = Mode::enforce, const std::string& rule = kSampleRule);

// A plan of `steps` steps that revert a bucket.
Plan sample_plan(const std::string& target, size_t steps = 1, const std::string& rule = kSampleRule);

// The id of the remediation that sample_finding opens.
std::string sample_id(int number);

// A finding about the target, decided now; `number` makes id, key and event its own.
Finding sample_finding(int number, const std::string& target, Time now, size_t steps = 1);

// A lane's batch with these findings, and no position.
CommitBatch batch_of(std::vector<Finding> findings);

// A state of the world that says `what`.
CapturedState captured(const std::string& what);

// The Start of a remediation whose first step does not hold.
Start sample_start(const std::string& remediation, const std::string& target, int64_t observed_from, size_t steps = 1);

// How the attempt with this mark went well.
StepOutcome sample_outcome(size_t step, int attempt, const std::string& mark, Time now);

}  // namespace kedge
