// AuditFollower: the loop that copies the journal into the audit log, byte for byte: record n is entry n. Its cursor is
// what the log's last leaf says, and nothing else.
//
// What a record names by its digest (ledger/named_blobs.h) is put beside the log before the record goes into it, where
// the ledger still has it.
//
// It reads ahead all the time and publishes at a steady cadence, and once more when it is stopped. While the ledger is
// in doubt (it may be older than what it did) it does neither: what was signed once could be signed in another way.
//
// Ownership:  owns its thread; borrows the rest, which must outlive it.
// Threads:    start and stop from one thread; status and newest from any. Nobody else touches the writer meanwhile.
// Failure:    whatever fails (a full disk, a ledger that cannot be read) is tried again at the next turn, for ever, and
//             stands in the status, with whose trouble it is; nothing is lost, for the journal keeps it. A record that
//             the log does not take is our bug, and stops it there.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "audit/log_writer.h"
#include "base/clock.h"
#include "base/pulse.h"
#include "base/thread.h"
#include "base/waiting.h"
#include "ledger/ledger.h"
#include "pipeline/checkpoint_place.h"

namespace kedge {

// Which of the blobs that records name lie beside the log too, for whoever has no ledger.
enum class BlobsBesideLog {
  none,
  parts,  // what records would show if they were longer, and the bundles of rules
  all,    // the documents of events too, as they came
};

class AuditFollower {
 public:
  struct Options {
    BlobsBesideLog blobs = BlobsBesideLog::parts;
    Duration publish_every = std::chrono::seconds(1);
    size_t read_records = 2'000;            // of the journal, at once
    size_t waiting_bytes_max = 32U << 20U;  // of records in memory: then it publishes earlier
    std::function<bool()> in_doubt{};       // asked by the follower's thread; none: it never is
  };

  struct Status {
    uint64_t size = 0;           // records that the log holds, or will with the next publication
    uint64_t published = 0;      // records behind the checkpoint that was published last
    int64_t records_behind = 0;  // of the journal, as last seen, and not published
    Duration behind_for{};       // since there was last nothing behind
    uint64_t publications = 0;
    uint64_t failures = 0;
    bool held = false;                   // at its last turn, as the ledger is in doubt
    std::optional<std::string> trouble;  // why it could not go on at its last turn
    bool of_ledger = false;  // the trouble is the ledger's: it cannot be read, or has not what the log needs
  };

  AuditFollower(LedgerReader& reader, LogWriter& writer, Clock& clock, Options options)
      : reader_(reader), writer_(writer), clock_(clock), options_(std::move(options)) {
    note_newest();
  }
  ~AuditFollower() { stop(); }
  AuditFollower(const AuditFollower&) = delete;
  AuditFollower& operator=(const AuditFollower&) = delete;

  void start();
  // Copies and publishes what the journal holds by then, as far as it can.
  void stop();

  // One round: what there is to copy is copied, and published if it is time. Called by the thread, or by a test
  // instead.
  void turn() { turn(false); }

  Status status() const;
  // What the log shows now, for whoever keeps it elsewhere; none: nothing yet.
  std::optional<PublishedCheckpoint> newest() const;
  const Pulse& pulse() const { return pulse_; }

 private:
  void run();
  void turn(bool last);
  Result<int64_t> look_at_head();
  Result<void> copy();
  Result<void> copy_blobs_of(const JournalEntry& record);
  std::optional<std::string> blob(const std::string& digest, Result<void>& done);
  Result<void> publish();
  void note_newest();
  void note_head(int64_t head);
  void note(const Result<void>& done, bool held);
  Error of_ledger(Error error);
  int64_t records_behind() const;  // under mutex_

  // Constant after construction.
  LedgerReader& reader_;
  LogWriter& writer_;
  Clock& clock_;
  const Options options_;

  // Provide their own synchronization.
  Mailbox<bool> stopping_{1};  // closed by stop
  Pulse pulse_;

  // The loop's own.
  Duration published_at_{};     // on Clock::elapsed
  bool ledger_failed_ = false;  // at this turn

  // Guarded by mutex_.
  mutable std::mutex mutex_;
  Status status_;
  std::optional<PublishedCheckpoint> newest_;
  int64_t head_ = -1;                     // of the journal, as last seen
  std::optional<Duration> behind_since_;  // on Clock::elapsed

  Thread thread_;
};

}  // namespace kedge
