// LedgerPositions: a source's Positions, kept in the ledger.
#pragma once

#include <string>

#include "ledger/committer.h"
#include "ledger/ledger.h"
#include "source/positions.h"

namespace kedge {

// Borrows the committer and the reader, which must outlive it. Thread-safe as far as they are.
class LedgerPositions final : public Positions {
 public:
  LedgerPositions(Committer& committer, LedgerReader& reader, std::string ledger_id);

  std::string ledger_id() override { return ledger_id_; }
  Result<std::vector<std::optional<Position>>> find(std::span<const PartitionId>) override;
  Result<std::set<std::string>> known_topics(std::string_view source) override;
  Result<std::vector<uint64_t>> claim(std::span<const PositionClaim>) override;
  Result<void> record(const ReadingNotice&) override;

 private:
  Committer& committer_;
  LedgerReader& reader_;
  const std::string ledger_id_;
};

}  // namespace kedge
