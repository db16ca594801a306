// CommandHandler: what a host does with one command after another: it is judged, remembered, carried out, and answered.
// It knows no Kafka.
//
// A command that changes something is in the journal, synced, before it begins, so that a crash cannot make it happen
// twice: when it comes again, its outcome is told again. One that had begun when the process ended is answered as
// `unknown`. One that only observes changes nothing, and is observed again when it comes again.
//
// Anybody who may write to the topic can have commands refused. Of those that no trusted key has signed, a few a minute
// are recorded and answered; the others are counted.
//
// Ownership: borrows the actions and the clock. Threads: one; but `counts` from any.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "agent/command_journal.h"
#include "agent/command_judge.h"
#include "agent/command_record.h"
#include "agent/outcome_message.h"
#include "base/clock.h"
#include "host/host_actions.h"

namespace kedge {

class CommandHandler {
 public:
  struct Options {
    JudgeRules rules;
    std::string directory;  // it is there
    CommandJournal::Options journal = {};
    size_t record_bytes_max = 8U << 20U;
    int strangers_a_minute = 60;  // commands of no trusted key that are recorded and answered
  };
  struct Counts {
    int64_t executed = 0, repeated = 0, refused = 0;
    int64_t unanswered = 0;  // of the refused: neither recorded nor answered
  };
  struct Answer {
    std::string outcome;  // signed
    Time useless{};       // from then on nobody waits for it
  };

  static Result<std::unique_ptr<CommandHandler>> open(Options options, const SigningKey& key, HostActions& actions,
                                                      Clock& clock);

  // What is to be said of commands that had begun when the process ended, once, at the start.
  std::vector<Answer> take_unfinished();

  // None: there is nothing to be answered, or nobody who could be meant.
  std::optional<Answer> handle(std::string_view command, const std::stop_token& stop);

  Counts counts() const { return {executed_, repeated_, refused_, unanswered_}; }

 private:
  CommandHandler(Options options, SigningKey key, HostActions& actions, Clock& clock);

  Answer execute(const Judgement&, const std::stop_token& stop);
  std::optional<Answer> refuse(const Judgement&);
  bool has_time_for_a_stranger();
  void record(const char* what, const CommandMessage*, const std::string& digest, Json more);
  OutcomeMessage outcome_of(const Judgement&) const;

  const Options options_;
  const SigningKey key_;
  HostActions& actions_;
  Clock& clock_;
  std::unique_ptr<CommandJournal> journal_;
  CommandRecord record_;
  Duration minute_{};  // since when strangers are counted
  int strangers_ = 0;
  std::atomic<int64_t> executed_ = 0, repeated_ = 0, refused_ = 0, unanswered_ = 0;
};

}  // namespace kedge
