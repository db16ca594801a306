// KafkaSurveyor asks the broker and the ledger what takes time to answer, so that the loop which polls never waits.
//
// It has one thread, whose body is run(); questions and stop() may come from any thread. Each question gets one answer,
// by the function given, on the surveyor's thread. The consumer, the positions and what the function uses must outlive
// run().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/waiting.h"
#include "kafka/consumer.h"
#include "source/positions.h"
#include "source/start_of_reading.h"

namespace kedge {

// Where does reading of these partitions start? Those that may be read are claimed before the answer is given. One that
// cannot be found out about keeps no other from its answer.
struct StartQuestion {
  TopicPartition where;
  uint64_t number = 0;  // the asker's, to know the answer by
  Permission permission = Permission::none;
};

struct Started {
  StartReading reading;
  uint64_t epoch = 0;  // the claim's
};

struct StartAnswer {
  TopicPartition where;
  uint64_t number = 0;
  std::variant<Started, StayStopped, Error> outcome;  // Error: could not be found out now; ask again
};

// Who is in the group, and how many partitions do our topics have?
struct SurveyAnswer {
  Result<std::map<std::string, int>> partition_counts;
  Result<std::optional<std::vector<GroupMember>>> members;
  std::string own_member;  // our id in the group, when the members were asked for; empty: not in it
};

// In which partitions of our topics, whether they are ours now or not, has the group seen more than our ledger?
struct HeadsAnswer {
  Result<std::vector<ReadingNotice>> ledger_behind;
};

// The consumer is not used any more.
struct LetGo {};

using SurveyorAnswer = std::variant<std::vector<StartAnswer>, SurveyAnswer, HeadsAnswer, LetGo>;

class KafkaSurveyor {
 public:
  KafkaSurveyor(std::string source, StartAt, const KafkaConsumer&, Positions&, std::function<void(SurveyorAnswer)>);

  void run();  // returns after stop(), when the question at hand is answered
  void stop();

  void ask_starts(std::vector<StartQuestion>);
  void ask_survey();
  void ask_heads();
  void ask_to_announce(ReadingNotice);  // has no answer

  // To change the consumer: after the answer it is not used any more, and what is asked then cannot be found out until
  // another one is given (which has no answer, and must outlive run() too).
  void ask_to_let_go();
  void ask_with(const KafkaConsumer&);

 private:
  struct Survey {};
  struct Heads {};
  struct LetGoOfIt {};
  using Question =
      std::variant<std::vector<StartQuestion>, Survey, Heads, ReadingNotice, LetGoOfIt, const KafkaConsumer*>;

  SurveyAnswer survey() const;
  Result<std::vector<ReadingNotice>> compare_heads();
  std::vector<StartAnswer> answer(const std::vector<StartQuestion>&);
  Result<std::vector<StartAnswer>> find_starts(const std::vector<StartQuestion>&);
  Result<std::vector<Result<StartFacts>>> facts_of(const std::vector<StartQuestion>&) const;
  Result<std::vector<StartAnswer>> decide_and_claim(const std::vector<StartQuestion>&,
                                                    const std::vector<Result<StartFacts>>&);
  void announce(const ReadingNotice&);
  void record_announced();

  const std::string source_;
  const StartAt start_at_;
  Positions& positions_;
  const std::function<void(SurveyorAnswer)> answer_;
  Mailbox<Question> questions_;

  // run()'s.
  const KafkaConsumer* consumer_;                    // none between two
  std::map<PartitionId, ReadingNotice> announced_;   // the last notice of each stopped partition
  std::map<PartitionId, ReadingNotice> unrecorded_;  // of them, those that the ledger did not take yet
};

}  // namespace kedge
