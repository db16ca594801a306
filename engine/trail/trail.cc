#include "trail/trail.h"

#include <utility>

#include "audit/blobs.h"
#include "base/json.h"
#include "ledger/tables.h"
#include "trail/record_text.h"

namespace kedge {

Trail::Trail(LedgerReader& ledger)
    : ledger_(&ledger), behind_log_(std::make_unique<JournalRecords>(ledger)), records_(behind_log_.get()) {}

Trail::Trail(std::unique_ptr<LogRecords> log, LedgerReader* ledger)
    : ledger_(ledger), log_(std::move(log)), records_(log_.get()) {
  if (ledger_ == nullptr) return;
  behind_log_ = std::make_unique<LogThenJournal>(*log_, *ledger_);
  records_ = behind_log_.get();
}

Result<Trail> Trail::of_log(const std::string& directory) {
  auto log = std::make_unique<LogRecords>(directory);
  if (auto looked = log->look(); !looked) return looked.error();
  return Trail(std::move(log), nullptr);
}

Result<Trail> Trail::of_engine(const std::string& directory, LedgerReader& ledger) {
  auto log = std::make_unique<LogRecords>(directory);
  const auto looked = log->look();
  if (!looked && looked.error().code != ErrorCode::not_found) return looked.error();
  const auto same = tells_the_same(*log, ledger);
  if (!same) return same.error();
  if (*same) return Trail(std::move(log), &ledger);
  return Error{ErrorCode::conflict, "the audit log in " + directory + " tells another history than the ledger"};
}

Result<std::string> Trail::blob(const std::string& digest) const {
  const auto wanted = digest_from(digest);
  if (log_ && wanted) {
    if (auto bytes = read_blob(log_->directory(), *wanted)) return bytes;
  }
  if (ledger_ != nullptr) return ledger_->blob(digest);
  return Error{ErrorCode::not_found, "the blob " + digest + " is not kept here"};
}

Result<std::string> Trail::ledger_id() const {
  if (ledger_ != nullptr) return ledger_->ledger_id();
  const auto first = records_->records(0, 1);
  if (!first) return first.error();
  const auto genesis = first->empty() ? Result<Json>(Json()) : parse_json(first->front().bytes);
  const std::string id = genesis ? raw_text_at(*genesis, "/ledger") : "";
  if (!id.empty()) return id;
  return Error{ErrorCode::not_found, "the first record does not tell of a ledger's birth: this is no log of kedge's"};
}

}  // namespace kedge
