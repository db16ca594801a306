// What deciding anew has in common, whether it is a dead letter or an event that was decided before.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ledger/change.h"
#include "ledger/ledger.h"
#include "pipeline/decider.h"
#include "source/batch.h"

namespace kedge {

// A rule is run however often it failed: a person asks for it.
Decider::Options unbenched(Decider::Options options);

// One message, as its source handed it over at `received`. Errors: the ledger cannot be read.
Result<Batch> batch_of_one(LedgerReader& reader, const PartitionId& partition, const SourceMessage& message,
                           Time received);

// For people: what came of it; and, where nothing did, why.
std::string words_of(const CommitBatch& decided, const std::vector<Disposition>& dispositions);
std::string words_of_nothing(const CommitBatch& decided);

}  // namespace kedge
