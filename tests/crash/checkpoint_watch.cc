#include "tests/crash/checkpoint_watch.h"

#include <algorithm>
#include <chrono>

#include "audit/log_reader.h"
#include "ledger/sqlite_ledger.h"

namespace kedge {
namespace {

constexpr auto kLookAgain = std::chrono::microseconds(500);
constexpr size_t kAtOnce = 1000;  // entries and records

std::vector<std::string> unlike_journal(const std::string& log, uint64_t size, LedgerReader& ledger) {
  const auto head = ledger.journal_head();
  if (!head) return {head.error().message};
  if (static_cast<uint64_t>(*head) + 1 != size) {
    return {"the log has " + std::to_string(size) + " entries, and the journal ends with record " +
            std::to_string(*head)};
  }
  const LogReader reader(log, size);
  for (uint64_t from = 0; from < size; from += kAtOnce) {
    const auto entries = reader.entries(from, kAtOnce);
    const auto records = ledger.journal(static_cast<int64_t>(from), kAtOnce);
    if (!entries) return {entries.error().message};
    if (!records) return {records.error().message};
    const auto same = [](const std::string& entry, const JournalEntry& record) { return entry == record.bytes; };
    if (!std::equal(entries->begin(), entries->end(), records->begin(), records->end(), same)) {
      return {"of the " + std::to_string(kAtOnce) + " entries from " + std::to_string(from) +
              " on some are not the journal's records"};
    }
  }
  return {};
}

}  // namespace

CheckpointWatch::CheckpointWatch(std::string log) : log_(std::move(log)), thread_([this] { watch(); }) {}

CheckpointWatch::~CheckpointWatch() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void CheckpointWatch::watch() {
  std::set<std::string> seen;
  while (!stopping_) {
    auto note = read_checkpoint_file(log_);
    if (note && seen.insert(*note).second) {
      found_.push_back({"checkpoint " + std::to_string(found_.size()), *std::move(note)});
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

std::vector<OldCheckpoints> CheckpointWatch::found() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  return found_;
}

std::vector<std::string> breaches_of_log(const std::string& log, const std::vector<VerifierKey>& keys,
                                         const std::vector<OldCheckpoints>& checkpoints, const std::string& ledger) {
  const auto verified = verify_log(log, keys, checkpoints, 2);
  if (!verified) return {verified.error().message};
  std::vector<std::string> breaches;
  for (const LogFault& fault : verified->faults) breaches.push_back(fault.file + ": " + fault.message);
  if (!breaches.empty()) return breaches;
  if (verified->extends.size() != checkpoints.size()) {
    return {"it was shown to extend " + std::to_string(verified->extends.size()) + " checkpoints of " +
            std::to_string(checkpoints.size())};
  }
  const auto reader = open_sqlite_reader(ledger);
  if (!reader) return {reader.error().message};
  return unlike_journal(log, verified->checkpoint->size, **reader);
}

}  // namespace kedge
