#include "pipeline/ledger_positions.h"

#include <nlohmann/json.hpp>

namespace kedge {
namespace {

nlohmann::json details_of(const ReadingNotice& notice) {
  return {{"from", notice.from}, {"to", notice.to}, {"text", notice.text}};
}

bool stops_reading(ReadingNotice::Kind kind) {
  return kind == ReadingNotice::Kind::another_log || kind == ReadingNotice::Kind::foreign_ledger ||
         kind == ReadingNotice::Kind::ledger_behind;
}

}  // namespace

LedgerPositions::LedgerPositions(Committer& committer, LedgerReader& reader, std::string ledger_id)
    : committer_(committer), reader_(reader), ledger_id_(std::move(ledger_id)) {}

Result<std::vector<std::optional<Position>>> LedgerPositions::find(std::span<const PartitionId> partitions) {
  const auto stored = reader_.positions();
  if (!stored) return stored.error();
  std::vector<std::optional<Position>> found(partitions.size());
  for (size_t i = 0; i < partitions.size(); ++i) {
    for (const StoredPosition& candidate : *stored) {
      if (candidate.partition == partitions[i]) found[i] = candidate.position;
    }
  }
  return found;
}

Result<std::set<std::string>> LedgerPositions::known_topics(std::string_view source) {
  const auto stored = reader_.positions();
  if (!stored) return stored.error();
  std::set<std::string> topics;
  for (const StoredPosition& position : *stored) {
    if (position.partition.source == source) topics.insert(position.partition.topic);
  }
  return topics;
}

Result<std::vector<uint64_t>> LedgerPositions::claim(std::span<const PositionClaim> claims) {
  ClaimPositions change;
  for (const PositionClaim& claim : claims) {
    ClaimPositions::Claim& one = change.claims.emplace_back();
    one.partition = claim.partition;
    one.found = claim.found;
    one.wanted = claim.wanted;
    if (claim.notice) {
      one.note = to_string(claim.notice->kind);
      one.details = details_of(*claim.notice);
    }
  }
  const Answer answer = committer_.commit(std::move(change));
  if (!answer.done()) return answer.error;
  return answer.epochs;
}

Result<void> LedgerPositions::record(const ReadingNotice& notice) {
  NotePosition change;
  change.partition = notice.partition;
  change.note = to_string(notice.kind);
  change.details = details_of(notice);
  change.stop = stops_reading(notice.kind);
  change.reason = notice.text;
  const Answer answer = committer_.commit(std::move(change));
  if (!answer.done()) return answer.error;
  return {};
}

}  // namespace kedge
