#include "pipeline/deciding_anew.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <climits>
#include <memory>
#include <vector>

namespace kedge {

Decider::Options unbenched(Decider::Options options) {
  options.failures_in_a_row_max = INT_MAX;
  return options;
}

Result<Batch> batch_of_one(LedgerReader& reader, const PartitionId& partition, const SourceMessage& message,
                           Time received) {
  const auto positions = reader.positions();
  if (!positions) return positions.error();
  auto assignment = std::make_shared<Assignment>();
  assignment->partition = partition;
  for (const StoredPosition& stored : *positions) {  // an event without an id is named by its cluster too
    if (stored.partition == partition) assignment->cluster = stored.position.cluster;
  }
  Batch batch(nullptr, std::move(assignment), message.offset);
  batch.append(message);
  batch.seal(received);
  return batch;
}

std::string words_of_nothing(const CommitBatch& decided) {
  std::vector<std::string> reasons;
  for (const Count& one : decided.counts) {
    if (one.reason != "no-pattern") reasons.push_back(one.subject + ": " + one.reason);
  }
  return fmt::format("no rule wants anything done ({})", fmt::join(reasons, ", "));
}

std::string words_of(const CommitBatch& decided, const std::vector<Disposition>& dispositions) {
  std::vector<std::string> parts;
  for (const Disposition& one : dispositions) {
    if (one.kind == Disposition::Kind::duplicate) {
      parts.emplace_back("decided before");
    } else if (one.kind == Disposition::Kind::joined) {
      parts.push_back(one.remediation + " is open for it already");
    } else {
      parts.push_back(one.remediation + " observes it, and is held if it is not as it should be");
    }
  }
  for (const Suppression& one : decided.suppressions) {
    parts.push_back(fmt::format("{} does nothing ({}): {}", one.plan.rule.id, one.guard, one.reason));
  }
  for (const DeadLetter& one : decided.dead_letters) {
    parts.push_back(fmt::format("{}{}{}: a dead letter of its own", one.rule, one.rule.empty() ? "" : " ", one.reason));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace kedge
