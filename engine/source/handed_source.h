// HandedSource: one partition of events that somebody in this process hands in, and keeps until they are decided.
//
// It is what a topic is to a KafkaSource, turned round: hand_in() passes events on to their lane, numbered, and returns
// when the ledger holds what was decided about them; then, and only then, may they be let go. What was handed in and
// not let go comes again, after a crash too: of that, what the ledger has by its bookmark is left out, and what comes
// again under another number has its event's id.
//
// Threads:   one hands in; attend() may be called by one more; the rest as Source says. It has none of its own.
// Failure:   the events stay with whoever hands them in, with the reason; status() says it too.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "source/handed_start.h"
#include "source/source.h"

namespace kedge {

class HandedSource final : public Source {
 public:
  struct Options {
    std::string name;       // as in the configuration
    std::string topic;      // what its one partition is called
    std::string mark_file;  // of how far it is decided (handed_start.h); beside what the events wait in
    size_t batch_bytes_max = 256U << 10U;
  };

  // `lanes` not empty. What is borrowed must outlive the source.
  HandedSource(Options options, const Lanes& lanes, Positions& positions, Clock& clock, Random& random);
  HandedSource(const HandedSource&) = delete;
  HandedSource& operator=(const HandedSource&) = delete;

  struct Taken {
    size_t events = 0;           // the first so many are decided, for good
    std::optional<Error> error;  // why not the next; none: all are
  };
  // Waits until all are decided, it is stopped, or nothing can be decided now. Their offsets and times count for
  // nothing.
  Taken hand_in(std::span<const SourceMessage> events, const std::stop_token& stop);

  // Finds out how far it was decided where that is not known yet, and hears what was said by others meanwhile: at the
  // start, when what the mark lies in is ours alone, and from time to time. Does nothing while somebody hands in.
  void attend();

  std::string_view name() const override { return options_.name; }
  Result<void> start() override { return {}; }
  void committed(const std::shared_ptr<const Assignment>& assignment, int64_t next) override;
  void hold(const std::shared_ptr<const Assignment>& assignment, std::string why) override;
  void reconsider(std::string_view topic, int32_t partition, Permission permission) override;
  SourceStatus status() const override;
  std::optional<std::string> not_alone() const override { return std::nullopt; }
  std::optional<std::string> ledger_in_doubt() const override;
  // Whoever is handing in is sent away.
  bool stop(Duration deadline) override;

 private:
  struct Committed {
    std::shared_ptr<const Assignment> assignment;
    int64_t next = 0;
  };
  struct Hold {
    std::shared_ptr<const Assignment> assignment;
    std::string why;
  };
  struct Reconsider {
    Permission permission = Permission::none;
  };
  using Command = std::variant<Committed, Hold, Reconsider>;

  void on(const Committed& command);
  void on(const Hold& command);
  void on(const Reconsider& command);
  void hear(Duration timeout);

  Result<void> stand();
  Result<void> begin();
  Result<HandedFacts> facts() const;
  Result<void> claim(const HandedFacts& facts, const HandedStart& start);
  Error stay_stopped(const ReadingNotice& notice);
  size_t decided_already(std::span<const SourceMessage> events);
  Taken pass_on(std::span<const SourceMessage> events, const std::stop_token& stop);
  bool give(std::span<const SourceMessage> events);
  void keep_mark();
  void disown();
  void publish();

  Mailbox<Batch>& mailbox() const { return *lanes_[lane_]; }

  // Constant after construction.
  const Options options_;
  const Lanes lanes_;
  const size_t lane_;
  Positions& positions_;
  Clock& clock_;
  Random& random_;
  const PartitionId partition_;

  // Provide their own synchronization.
  Mailbox<Command> commands_{SIZE_MAX};
  std::atomic<bool> over_ = false;

  std::mutex turn_;                         // of whoever hands in, or attends. Guards what follows
  std::shared_ptr<Assignment> assignment_;  // none: it is not known how far it was decided, or that was doubted
  std::optional<Bookmark> known_;           // the event that may come first again
  bool stopped_ = false;                    // until a person, or the lane, has it looked at again
  Permission permission_ = Permission::none;
  std::string problem_;
  std::string place_;
  uint64_t epoch_ = 0;         // of the last claim
  std::string announced_;      // the problem that is on record
  int64_t handed_ = 0;         // all below was given to the lane
  int64_t committed_ = 0;      // by the ledger
  int64_t marked_ = -1;        // by the mark
  std::optional<Batch> open_;  // waits for room
  bool is_full_ = false;       // its lane, when it was last tried
  std::string doubt_ = "it is not known yet whether it was decided further than our ledger knows";
  SourceStatus counters_;

  // Guarded by status_mutex_.
  mutable std::mutex status_mutex_;
  SourceStatus status_;
  std::string published_doubt_;
};

}  // namespace kedge
