// A ledger of positions in memory, with the compare-and-set of the real one.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "source/batch.h"
#include "source/positions.h"

namespace kedge {

class FakePositions : public Positions {
 public:
  explicit FakePositions(std::string ledger = "ledger-a") : ledger_(std::move(ledger)) {}

  std::string ledger_id() override { return ledger_; }

  Result<std::vector<std::optional<Position>>> find(std::span<const PartitionId> ids) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::optional<Position>> found;
    for (const PartitionId& id : ids) found.push_back(get(id));
    return found;
  }

  Result<std::set<std::string>> known_topics(std::string_view source) override {
    const std::lock_guard lock(mutex_);
    std::set<std::string> topics;
    for (const auto& [id, position] : positions_) {
      if (id.source == source) topics.insert(id.topic);
    }
    return topics;
  }

  Result<std::vector<uint64_t>> claim(std::span<const PositionClaim> claims) override {
    const std::lock_guard lock(mutex_);
    for (const PositionClaim& claim : claims) {
      if (get(claim.partition) != claim.found) return Error{ErrorCode::conflict, "it was moved"};
    }
    std::vector<uint64_t> epochs;
    for (const PositionClaim& claim : claims) {
      Position& position = positions_[claim.partition];
      const uint64_t epoch = position.epoch + 1;
      position = claim.wanted;
      position.epoch = epoch;
      epochs.push_back(epoch);
      if (claim.notice) notices_.push_back(*claim.notice);
    }
    return epochs;
  }

  Result<void> record(const ReadingNotice& notice) override {
    const std::lock_guard lock(mutex_);
    notices_.push_back(notice);
    return {};
  }

  // As a lane's commit does. False: refused.
  bool move(const Batch& batch) {
    const std::lock_guard lock(mutex_);
    Position& position = positions_[batch.assignment().partition];
    if (position.epoch != batch.assignment().epoch || position.next != batch.from()) return false;
    position.next = batch.next();
    position.bookmark = batch.bookmark();
    return true;
  }

  void set(const PartitionId& id, Position position) {
    const std::lock_guard lock(mutex_);
    positions_[id] = std::move(position);
  }

  std::optional<Position> at(const PartitionId& id) const {
    const std::lock_guard lock(mutex_);
    return get(id);
  }

  std::vector<ReadingNotice> notices() const {
    const std::lock_guard lock(mutex_);
    return notices_;
  }

 private:
  std::optional<Position> get(const PartitionId& id) const {
    const auto found = positions_.find(id);
    return found == positions_.end() ? std::nullopt : std::optional(found->second);
  }

  const std::string ledger_;
  mutable std::mutex mutex_;
  std::map<PartitionId, Position> positions_;
  std::vector<ReadingNotice> notices_;
};

}  // namespace kedge
