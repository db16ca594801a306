// Remediations as the shipped rule about public buckets makes them, Change by Change, without a rule, a world or an
// executor: what a benchmark of the ledger hands to it.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "ledger/change.h"

namespace kedge {

inline constexpr const char* kBenchRule = "aws.s3.public-bucket";
inline constexpr const char* kBenchAccount = "123456789012";

// The rule is loaded and may act.
LoadRules bench_rules();

class RemediationMaker {
 public:
  // Buckets are named at random, with `prefix` before: in the order of their names they come in none.
  explicit RemediationMaker(std::string prefix) : prefix_(std::move(prefix)) {}

  // One that opens a remediation of one step: the public access block of a bucket that no other finding names. What
  // was handed over of its event is about as large as CloudTrail's events are.
  Finding finding(Time now);

  // Of its observation: the step does not hold. Of its attempt's mark: it is made of the id.
  static Start start(const std::string& id, const std::string& target, int64_t observed_from);
  // The attempt went well, and nothing is left to do.
  static RecordOutcome outcome(const std::string& id, Time now);
  // The world was read back, and is as it should be.
  static Conclude conclude(const std::string& id, int64_t observed_from);

 private:
  const std::string prefix_;
  Random random_{Random().number()};  // seeded: cheaper than to ask the system each time
};

}  // namespace kedge
