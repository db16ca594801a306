// AuditLog: the audit log of a running engine, and what it has to say about effects.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/log_writer.h"
#include "base/clock.h"
#include "base/result.h"
#include "ledger/ledger.h"
#include "pipeline/audit_follower.h"
#include "pipeline/checkpoint_places.h"

namespace kedge {

// The section `audit` of the configuration.
struct AuditOptions {
  std::vector<std::string> keys;  // files; none: there is no log. Several while one follows another
  std::string directory;          // of the log; empty: DATA/audit
  Duration publish_every = std::chrono::seconds(1);
  int64_t behind_records = 10'000;  // effects stop beyond it
  Duration behind_for = std::chrono::seconds(30);
  BlobsBesideLog blobs = BlobsBesideLog::parts;
  bool stops_effects = true;  // false: effects go on whatever becomes of the log, as long as the ledger is sound
  std::vector<CheckpointPlaceOptions> publish_to;
};

// The log's writer; the signed head lies in `data`. Errors begin with the setting that they are about: refused, where
// the log does not extend what is kept of it outside (kept_outside.h).
Result<std::unique_ptr<LogWriter>> open_log(const AuditOptions& options, const std::string& data);

// Why the ledger is not the one that this log was made of (contracts §6): the log is ahead of the journal, or its last
// entry is not the journal's record of that number. None: it is; or it was put back from a backup, and goes on behind
// that entry. Errors are the reader's.
Result<std::optional<std::string>> not_of_this_ledger(const LogWriter& log, LedgerReader& reader);

// status, newest and stops_effects may be called from any thread; the rest from one.
class AuditLog {
 public:
  // Opens the log, compares it with the ledger, and follows the journal from then on, unless the ledger is older than
  // the log. `data`: where the signed head is kept. `in_doubt`, asked at any time by the follower's thread: whether the
  // ledger may be older than what it did; nothing goes into the log then. Reader and clock must outlive it.
  static Result<std::unique_ptr<AuditLog>> start(const AuditOptions& options, const std::string& data,
                                                 LedgerReader& reader, Clock& clock,
                                                 std::function<bool()> in_doubt = {});
  ~AuditLog() { stop(); }

  // Publishes what the journal holds by then, unless the ledger is in doubt.
  void stop() { follower_.stop(); }

  // In words; none: it says nothing against them.
  std::optional<std::string> stops_effects() const;
  // What is wrong with the log, whether or not effects stop for it.
  std::optional<std::string> trouble() const;

  // What is to be on record since this was asked last: that effects go on without the log, and that it has caught up
  // again; each once. Only of a log that stops no effects.
  std::optional<RaiseAlarm> alarm();

  AuditFollower::Status status() const { return follower_.status(); }
  std::optional<PublishedCheckpoint> newest() const { return follower_.newest(); }
  const Pulse& pulse() const { return follower_.pulse(); }
  const std::string& origin() const { return writer_->origin(); }

 private:
  AuditLog(AuditOptions options, std::unique_ptr<LogWriter> writer, LedgerReader& reader, Clock& clock,
           std::function<bool()> in_doubt);

  const AuditOptions options_;
  const std::unique_ptr<LogWriter> writer_;
  std::optional<std::string> older_ledger_;  // constant after the start
  bool alarmed_ = false;                     // that effects go on without the log
  AuditFollower follower_;
};

}  // namespace kedge
