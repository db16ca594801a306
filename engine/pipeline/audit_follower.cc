#include "pipeline/audit_follower.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "ledger/named_blobs.h"

namespace kedge {
namespace {

// How often the journal is looked at, where publications are further apart.
constexpr Duration kLookAgain = std::chrono::milliseconds(200);

}  // namespace

void AuditFollower::start() {
  thread_ = Thread("kedge-audit", [this] { run(); });
}

void AuditFollower::stop() {
  stopping_.close();
  if (thread_.joinable()) thread_.join();
}

void AuditFollower::run() {
  const Duration rest = std::min(options_.publish_every, kLookAgain);
  do {
    pulse_.works();
    turn(false);
    pulse_.waits();
  } while (!stopping_.wait_closed(rest));
  turn(true);
}

void AuditFollower::turn(bool last) {
  ledger_failed_ = false;
  const bool held = options_.in_doubt && options_.in_doubt();
  if (held) {
    const auto head = look_at_head();
    return note(head ? Result<void>() : head.error(), held);
  }
  Result<void> done = copy();
  const bool due = last || clock_.elapsed() - published_at_ >= options_.publish_every;
  if (due && writer_.size() > writer_.published().size) {
    // What was copied is published also where copying went wrong behind it.
    if (auto published = publish(); !published) done = published;
  }
  note(done, held);
}

Result<int64_t> AuditFollower::look_at_head() {
  auto head = reader_.journal_head();
  if (!head) return of_ledger(head.error().with("the journal cannot be read"));
  note_head(*head);
  return head;
}

Result<void> AuditFollower::copy() {
  const auto head = look_at_head();
  if (!head) return head.error();
  while (static_cast<int64_t>(writer_.size()) <= *head) {
    const auto next = static_cast<int64_t>(writer_.size());
    const auto records = reader_.journal(next, options_.read_records);
    if (!records) return of_ledger(records.error().with("the journal cannot be read"));
    if (records->empty() || records->front().seq != next) {
      const auto first = reader_.journal(0, 1);
      const bool let_go = first && !first->empty() && first->front().seq > next;
      return of_ledger(
          {ErrorCode::corrupt,
           let_go ? fmt::format("the log ends before record {}, and the ledger keeps records from {} on: put the "
                                "newest copy of the log in its place",
                                next, first->front().seq)
                  : fmt::format("the journal has no record {}", next)});
    }
    for (const JournalEntry& record : *records) {
      if (record.seq != static_cast<int64_t>(writer_.size())) break;  // the next round tells of the gap
      if (auto copied = copy_blobs_of(record); !copied)
        return copied.error().with("record " + std::to_string(record.seq));
      if (auto appended = writer_.append(record.bytes); !appended) {
        return appended.error().with("record " + std::to_string(record.seq));
      }
    }
    if (writer_.waiting_bytes() < options_.waiting_bytes_max) continue;
    if (auto published = publish(); !published) return published;
  }
  return {};
}

Result<void> AuditFollower::copy_blobs_of(const JournalEntry& record) {
  const bool documents = options_.blobs == BlobsBesideLog::all;
  if (options_.blobs == BlobsBesideLog::none || (!documents && !may_name_parts(record.bytes))) return {};
  auto parsed = parse_json(record.bytes);
  if (!parsed) return {};
  Result<void> done;
  const auto read = [&](const std::string& digest) { return blob(digest, done); };
  for (const NamedBlob& one : open_named_blobs(*parsed, read)) {
    if (one.kind == NamedBlob::Kind::document && !documents) continue;
    const auto bytes = blob(one.digest, done);
    if (bytes && done) done = writer_.keep(*bytes);
  }
  return done;
}

// None: it is not kept any more, or it cannot be read, which `done` tells.
std::optional<std::string> AuditFollower::blob(const std::string& digest, Result<void>& done) {
  auto bytes = reader_.blob(digest);
  if (bytes) return *std::move(bytes);
  const ErrorCode code = bytes.error().code;
  if (code != ErrorCode::not_found && code != ErrorCode::invalid) done = of_ledger(bytes.error());
  return std::nullopt;
}

Result<void> AuditFollower::publish() {
  auto note = writer_.publish();
  if (!note) return note.error().with("the audit log cannot be written");
  published_at_ = clock_.elapsed();
  note_newest();
  const std::lock_guard lock(mutex_);
  ++status_.publications;
  status_.published = writer_.published().size;
  if (records_behind() == 0) behind_since_.reset();
  return {};
}

void AuditFollower::note_newest() {
  std::string note = writer_.published_note();
  if (note.empty()) return;
  const std::lock_guard lock(mutex_);
  newest_ = {writer_.origin(), writer_.published().size, std::move(note)};
}

std::optional<PublishedCheckpoint> AuditFollower::newest() const {
  const std::lock_guard lock(mutex_);
  return newest_;
}

void AuditFollower::note_head(int64_t head) {
  const std::lock_guard lock(mutex_);
  head_ = head;
  status_.published = writer_.published().size;
  if (!behind_since_ && records_behind() > 0) behind_since_ = clock_.elapsed();
}

void AuditFollower::note(const Result<void>& done, bool held) {
  const std::lock_guard lock(mutex_);
  status_.held = held;
  status_.of_ledger = ledger_failed_;
  status_.size = writer_.size();
  if (done) {
    if (status_.trouble) spdlog::info("the audit log goes on");
    status_.trouble.reset();
    return;
  }
  ++status_.failures;
  if (!status_.trouble) spdlog::error("{}", done.error().message);
  status_.trouble = done.error().message;
}

Error AuditFollower::of_ledger(Error error) {
  ledger_failed_ = true;
  return error;
}

int64_t AuditFollower::records_behind() const {
  return std::max<int64_t>(0, head_ + 1 - static_cast<int64_t>(status_.published));
}

AuditFollower::Status AuditFollower::status() const {
  const std::lock_guard lock(mutex_);
  Status status = status_;
  status.records_behind = records_behind();
  if (behind_since_) status.behind_for = clock_.elapsed() - *behind_since_;
  return status;
}

}  // namespace kedge
