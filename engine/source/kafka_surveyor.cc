#include "source/kafka_surveyor.h"

#include <spdlog/spdlog.h>

#include <set>
#include <utility>

namespace kedge {
namespace {

// Short, since stopping waits for the question at hand. What fails is asked again.
constexpr Duration kTimeout = std::chrono::seconds(2);
// For the partitions that are asked about after one did not answer: many that do not would add up.
constexpr Duration kTimeoutAfterSilence = std::chrono::milliseconds(200);

Error no_client() { return {ErrorCode::unavailable, "the Kafka client is being made anew"}; }

}  // namespace

KafkaSurveyor::KafkaSurveyor(std::string source, StartAt start_at, const KafkaConsumer& consumer, Positions& positions,
                             std::function<void(SurveyorAnswer)> answer)
    : source_(std::move(source)),
      start_at_(start_at),
      positions_(positions),
      answer_(std::move(answer)),
      questions_(SIZE_MAX),
      consumer_(&consumer) {}

void KafkaSurveyor::run() {
  constexpr Duration kRecordAgain = std::chrono::seconds(1);
  while (!questions_.closed()) {
    const auto question = questions_.take(unrecorded_.empty() ? Duration(std::chrono::hours(1)) : kRecordAgain);
    if (questions_.closed()) return;
    record_announced();
    if (!question) continue;
    if (const auto* starts = std::get_if<std::vector<StartQuestion>>(&*question)) {
      answer_(answer(*starts));
    } else if (const auto* notice = std::get_if<ReadingNotice>(&*question)) {
      announce(*notice);
    } else if (std::holds_alternative<Heads>(*question)) {
      answer_(HeadsAnswer{compare_heads()});
    } else if (std::holds_alternative<LetGoOfIt>(*question)) {
      consumer_ = nullptr;
      answer_(LetGo{});
    } else if (const auto* other = std::get_if<const KafkaConsumer*>(&*question)) {
      consumer_ = *other;
    } else {
      answer_(survey());
    }
  }
}

void KafkaSurveyor::stop() { questions_.close(); }
void KafkaSurveyor::ask_starts(std::vector<StartQuestion> questions) { questions_.put(std::move(questions)); }
void KafkaSurveyor::ask_survey() { questions_.put(Survey{}); }
void KafkaSurveyor::ask_heads() { questions_.put(Heads{}); }
void KafkaSurveyor::ask_to_announce(ReadingNotice notice) { questions_.put(std::move(notice)); }
void KafkaSurveyor::ask_to_let_go() { questions_.put(LetGoOfIt{}); }
void KafkaSurveyor::ask_with(const KafkaConsumer& consumer) { questions_.put(&consumer); }

// If we joined anew while the members were asked for, one of them is ourselves under our former id: asked again.
SurveyAnswer KafkaSurveyor::survey() const {
  constexpr int kTriesMax = 3;
  if (consumer_ == nullptr) return {no_client(), no_client(), ""};
  auto counts = consumer_->partition_counts(kTimeout);
  if (!counts) return {counts.error(), counts.error(), ""};
  for (int tries = 1;; ++tries) {
    std::string own = consumer_->member_id();
    auto members = consumer_->members(kTimeout);
    if (consumer_->member_id() == own) return {std::move(counts), std::move(members), std::move(own)};
    if (tries == kTriesMax)
      return {std::move(counts), Error{ErrorCode::conflict, "the group does not come to rest"}, ""};
  }
}

// The group is asked before the ledger, which goes on meanwhile, and so is never taken for an older one.
Result<std::vector<ReadingNotice>> KafkaSurveyor::compare_heads() {
  if (consumer_ == nullptr) return no_client();
  const auto counts = consumer_->partition_counts(kTimeout);
  if (!counts) return counts.error();
  std::vector<TopicPartition> partitions;
  std::vector<PartitionId> ids;
  for (const auto& [topic, count] : *counts) {
    for (int32_t partition = 0; partition < count; ++partition) {
      partitions.push_back({topic, partition});
      ids.push_back({source_, topic, partition});
    }
  }
  if (partitions.empty()) return std::vector<ReadingNotice>();
  const auto group = consumer_->committed(partitions, kTimeout);
  if (!group) return group.error();
  const auto positions = positions_.find(ids);
  if (!positions) return positions.error();
  std::vector<ReadingNotice> behind;
  for (size_t i = 0; i < ids.size(); ++i) {
    StartFacts facts;
    facts.partition = ids[i];
    facts.ledger = positions_.ledger_id();
    facts.position = (*positions)[i];
    facts.group = (*group)[i];
    if (auto notice = ledger_behind(facts)) behind.push_back(*std::move(notice));
  }
  for (const ReadingNotice& notice : behind) announce(notice);
  return behind;
}

std::vector<StartAnswer> KafkaSurveyor::answer(const std::vector<StartQuestion>& questions) {
  auto answers = find_starts(questions);
  if (answers) return *std::move(answers);
  std::vector<StartAnswer> failed;
  for (const StartQuestion& each : questions) failed.push_back({each.where, each.number, answers.error()});
  return failed;
}

// A claim is refused when a batch of a former assignment moved a position between the question and the claim: then all
// is asked again. It cannot go on for long, since no new batches of these partitions are made meanwhile.
Result<std::vector<StartAnswer>> KafkaSurveyor::find_starts(const std::vector<StartQuestion>& questions) {
  constexpr int kTriesMax = 10;
  for (int tries = 1;; ++tries) {
    auto facts = facts_of(questions);
    if (!facts) return facts.error();
    auto answers = decide_and_claim(questions, *facts);
    if (answers || answers.error().code != ErrorCode::conflict || tries == kTriesMax) return answers;
  }
}

Result<std::vector<Result<StartFacts>>> KafkaSurveyor::facts_of(const std::vector<StartQuestion>& questions) const {
  std::vector<TopicPartition> partitions;
  std::vector<PartitionId> ids;
  for (const StartQuestion& each : questions) {
    partitions.push_back(each.where);
    ids.push_back({source_, each.where.topic, each.where.partition});
  }
  if (consumer_ == nullptr) return no_client();
  const auto cluster = consumer_->cluster_id(kTimeout);
  if (!cluster) return cluster.error();
  const auto group = consumer_->committed(partitions, kTimeout);
  if (!group) return group.error();
  const auto positions = positions_.find(ids);
  if (!positions) return positions.error();
  const auto topics = positions_.known_topics(source_);
  if (!topics) return topics.error();

  std::vector<Result<StartFacts>> facts;
  Duration timeout = kTimeout;
  for (size_t i = 0; i < questions.size(); ++i) {
    const auto log = consumer_->watermarks(partitions[i], timeout);
    if (!log) {
      timeout = kTimeoutAfterSilence;
      facts.emplace_back(log.error());
      if (questions_.closed()) return log.error();
      continue;
    }
    facts.emplace_back(StartFacts{.partition = ids[i],
                                  .ledger = positions_.ledger_id(),
                                  .cluster = *cluster,
                                  .position = (*positions)[i],
                                  .group = (*group)[i],
                                  .log = *log,
                                  .topic_known = topics->contains(partitions[i].topic),
                                  .configured = start_at_,
                                  .permission = questions[i].permission});
  }
  return facts;
}

Result<std::vector<StartAnswer>> KafkaSurveyor::decide_and_claim(const std::vector<StartQuestion>& questions,
                                                                 const std::vector<Result<StartFacts>>& facts) {
  std::vector<StartAnswer> answers;
  std::vector<PositionClaim> claims;
  std::vector<size_t> claimed;  // places in `answers`
  for (size_t i = 0; i < facts.size(); ++i) {
    if (!facts[i]) {
      answers.push_back({questions[i].where, questions[i].number, facts[i].error()});
      continue;
    }
    StartDecision decision = start_of_reading(*facts[i]);
    if (auto* stay = std::get_if<StayStopped>(&decision)) {
      announce(stay->notice);
      answers.push_back({questions[i].where, questions[i].number, *std::move(stay)});
      continue;
    }
    auto& start = std::get<StartReading>(decision);
    announced_.erase(facts[i]->partition);
    claims.push_back({facts[i]->partition, facts[i]->position, start.wanted, start.notice});
    claimed.push_back(answers.size());
    answers.push_back({questions[i].where, questions[i].number, Started{std::move(start), 0}});
  }
  if (claims.empty()) return answers;
  const auto epochs = positions_.claim(claims);
  if (!epochs) return epochs.error().with("claiming the positions of source " + source_);
  for (size_t i = 0; i < claimed.size(); ++i) std::get<Started>(answers[claimed[i]].outcome).epoch = (*epochs)[i];
  for (const PositionClaim& claim : claims) {
    if (claim.notice) spdlog::warn("{}", claim.notice->text);
  }
  return answers;
}

// Once for as long as it stays the same.
void KafkaSurveyor::announce(const ReadingNotice& notice) {
  const auto found = announced_.find(notice.partition);
  if (found != announced_.end() && found->second.kind == notice.kind) return;
  spdlog::error("{}", notice.text);
  announced_[notice.partition] = notice;
  unrecorded_[notice.partition] = notice;
  record_announced();
}

// A stopped partition is not asked about again: what the ledger does not take now is kept until it does.
void KafkaSurveyor::record_announced() {
  std::erase_if(unrecorded_, [this](const auto& each) {
    const auto recorded = positions_.record(each.second);
    if (!recorded) spdlog::error("{}: not recorded yet: {}", to_string(each.first), recorded.error().message);
    return recorded.ok();
  });
}

}  // namespace kedge
