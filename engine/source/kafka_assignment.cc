// What changes which partitions are read, and from where: the group, the surveyor's answers, the lanes' and people's
// word.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/threads.h"
#include "source/kafka_loop.h"

namespace kedge {

using std::chrono::seconds;
using State = PartitionStatus::State;

// What we had before is over, whether or not it was taken back: the library may begin another rebalance while it waits
// for us to answer the last.
void KafkaSource::Loop::on(const PartitionsAssigned& assigned) {
  const Duration now = clock_.elapsed();
  forget_assignment();
  ++counters_.rebalances;
  joined_ = true;
  problems_.group_joined();
  next_survey_ = now;
  next_publication_ = now;
  std::vector<Partition*> gained;
  for (const TopicPartition& where : assigned.partitions) {
    Partition& partition = partitions_[where];
    partition.where = where;
    // The same lane after each rebalance; neighbours on different ones.
    partition.lane = (std::hash<std::string>()(where.topic) + static_cast<size_t>(where.partition)) % paused_.size();
    gained.push_back(&partition);
  }
  ask(gained);
}

void KafkaSource::Loop::on(const PartitionsRevoked& revoked) {
  constexpr Duration kCommitMax = seconds(5);
  for (auto& [where, partition] : partitions_) disown(partition);
  if (!revoked.lost) {
    const Duration deadline = std::min(kCommitMax, consumer_->session_timeout() / 3);
    if (auto told = consumer_->commit_now(take_untold(), deadline); !told) {
      spdlog::info("source {}: the group did not take the last offsets: {}", name(), told.error().message);
    }
  }
  consumer_->release();
  joined_ = false;
  forget_assignment();
  next_publication_ = clock_.elapsed();
}

void KafkaSource::Loop::on(const KafkaProblem& problem) {
  constexpr Duration kUntilThereAgain = seconds(5);
  const Duration now = clock_.elapsed();
  problems_.add(problem, now);
  const bool gone = problem.kind == KafkaProblem::Kind::no_topic;
  if (gone) next_survey_ = std::min(next_survey_, now + kUntilThereAgain);  // a survey knows when it is
  Partition* partition = find(problem.topic, problem.partition);
  if (partition != nullptr && (gone || problem.kind == KafkaProblem::Kind::out_of_range)) {
    look_again(*partition, problem.text);
  }
}

void KafkaSource::Loop::on(const Committed& committed) {
  const PartitionId& id = committed.assignment->partition;
  Partition* partition = find(id.topic, id.partition);
  if (partition == nullptr || partition->assignment != committed.assignment) return;
  partition->committed = std::max(partition->committed, committed.next);
}

void KafkaSource::Loop::on(const Hold& hold) {
  const PartitionId& id = hold.assignment->partition;
  Partition* partition = find(id.topic, id.partition);
  if (partition == nullptr || partition->assignment != hold.assignment) return;
  spdlog::error("source {}: {} is not read any more: {}", name(), to_string(id), hold.why);
  stop_reading(*partition, hold.why);
}

void KafkaSource::Loop::on(const Reconsider& reconsider) {
  Partition* partition = find(reconsider.where.topic, reconsider.where.partition);
  if (partition == nullptr) return;
  const bool nothing_to_accept = reconsider.permission == Permission::accept && !partition->log_differs;
  stop_reading(*partition, "");
  partition->permission = nothing_to_accept ? Permission::none : reconsider.permission;
  ask({partition});
}

void KafkaSource::Loop::on(SurveyorAnswer& answer) {
  if (const auto* survey = std::get_if<SurveyAnswer>(&answer)) return on(*survey);
  if (const auto* heads = std::get_if<HeadsAnswer>(&answer)) return on(*heads);
  if (const auto* gone = std::get_if<LetGo>(&answer)) return on(*gone);
  bool begun = false;
  for (const StartAnswer& each : std::get<std::vector<StartAnswer>>(answer)) begun |= on(each);
  if (begun) apply_assignment();
}

void KafkaSource::Loop::on(const Stop& stop) { stopping_ = stop.deadline; }

// True when the partition is to be read.
bool KafkaSource::Loop::on(const StartAnswer& answer) {
  const auto found = partitions_.find(answer.where);
  if (found == partitions_.end() || found->second.question != answer.number) return false;  // of a former assignment
  Partition& partition = found->second;
  if (const auto* error = std::get_if<Error>(&answer.outcome)) {
    ask_later(partition, *error);
    return false;
  }
  partition.permission = Permission::none;
  if (const auto* started = std::get_if<Started>(&answer.outcome)) {
    group_ahead_.erase(answer.where);
    begin(partition, *started);
    return true;
  }
  const auto& stay = std::get<StayStopped>(answer.outcome);
  if (stay.notice.kind == ReadingNotice::Kind::ledger_behind) {
    group_ahead_[answer.where] = stay.notice.text;
  } else {
    group_ahead_.erase(answer.where);
  }
  partition.log_differs = stay.notice.kind == ReadingNotice::Kind::another_log;
  stop_reading(partition, stay.notice.text);
  return false;
}

void KafkaSource::Loop::on(const SurveyAnswer& survey) {
  surveying_now_ = false;
  no_topics_ = survey.partition_counts && survey.partition_counts->empty();
  if (const auto many = threads_.look(thread_count(), consumer_->statistics().brokers.size())) {
    spdlog::warn("source {}: {}", name(), *many);
  }
  if (survey.partition_counts) {
    problems_.cluster_answered();
    problems_.topics_seen(*survey.partition_counts);
    partitions_total_ = 0;
    for (const auto& [topic, count] : *survey.partition_counts) partitions_total_ += static_cast<size_t>(count);
  }
  if (survey.members) {
    members_ = *survey.members;
    own_member_ = survey.own_member;
  }
  next_publication_ = clock_.elapsed();
}

void KafkaSource::Loop::on(const HeadsAnswer& heads) {
  constexpr Duration kAskAgain = seconds(1);
  next_publication_ = clock_.elapsed();
  if (!heads.ledger_behind) {
    heads_problem_ = heads.ledger_behind.error().message;
    compare_again_ = clock_.elapsed() + kAskAgain;
    return;
  }
  heads_compared_ = true;
  for (const ReadingNotice& notice : *heads.ledger_behind) {
    group_ahead_[{notice.partition.topic, notice.partition.partition}] = notice.text;
  }
}

void KafkaSource::Loop::on(const LetGo&) {
  letting_go_ = false;
  if (stopping_) return;
  if (!joined_) replace_client();
  surveyor_->ask_with(*consumer_);
}

// The new client is there before the old one goes, but joins after it: there are never two of us in the group.
void KafkaSource::Loop::replace_client() {
  constexpr Duration kCloseMax = seconds(5);
  auto fresh = KafkaConsumer::look(consumer_options(options_));
  if (!fresh) return spdlog::warn("source {}: no new Kafka client can be made: {}", name(), fresh.error().message);
  spdlog::warn("source {}: in no group for long, and nobody says why: the Kafka client is replaced", name());
  ++counters_.client_renewals;
  counters_.commits_failed += consumer_->commits_failed();
  commits_failed_ = 0;
  all_closed_ = consumer_->close(kCloseMax) && all_closed_;
  consumer_ = *std::move(fresh);
  if (const auto joined = consumer_->join(); !joined) spdlog::warn("source {}: {}", name(), joined.error().message);
}

void KafkaSource::Loop::ask(const std::vector<Partition*>& partitions) {
  std::vector<StartQuestion> questions;
  for (Partition* partition : partitions) {
    partition->state = State::asking;
    partition->ask_again.reset();
    partition->drain_first = false;
    partition->question = ++questions_;
    questions.push_back({partition->where, partition->question, partition->permission});
  }
  if (!questions.empty()) surveyor_->ask_starts(std::move(questions));
}

void KafkaSource::Loop::ask_later(Partition& partition, const Error& why) {
  constexpr Duration kAskAgain = seconds(1);
  if (partition.problem != why.message) {
    spdlog::warn("source {}: {}[{}] waits: {}", name(), partition.where.topic, partition.where.partition, why.message);
  }
  partition.state = State::asking;
  partition.problem = why.message;
  partition.ask_again = clock_.elapsed() + kAskAgain;
}

// Is the log still the one that we read? What was read before is good, and may be gone from it: it is committed before
// anything is claimed anew.
void KafkaSource::Loop::look_again(Partition& partition, std::string why) {
  const bool reading = partition.state == State::reading || partition.state == State::paused;
  if (!reading) return;
  if (partition.open) hand_over(partition);
  partition.state = State::asking;
  partition.problem = std::move(why);
  partition.drain_first = true;
  partition.ask_again = clock_.elapsed();
}

void KafkaSource::Loop::ask_again() {
  const Duration now = clock_.elapsed();
  std::vector<Partition*> due;
  for (auto& [where, partition] : partitions_) {
    if (!partition.ask_again || *partition.ask_again > now) continue;
    if (partition.drain_first && partition.committed < partition.handed) continue;
    disown(partition);
    due.push_back(&partition);
  }
  ask(due);
}

void KafkaSource::Loop::begin(Partition& partition, const Started& started) {
  const StartReading& reading = started.reading;
  partition.assignment = std::make_shared<Assignment>();
  partition.assignment->partition = {options_.name, partition.where.topic, partition.where.partition};
  partition.assignment->cluster = reading.wanted.cluster;
  partition.assignment->epoch = started.epoch;
  partition.assignment->lane = partition.lane;
  partition.state = paused_[partition.lane] ? State::paused : State::reading;
  partition.problem.clear();
  partition.log_differs = false;
  partition.check = reading.check ? reading.wanted.bookmark : std::nullopt;
  partition.read = reading.read_from;
  partition.handed = partition.committed = reading.wanted.next;
  partition.told = -1;
  if (reading.bookmark_gone) ++counters_.bookmarks_gone;
  next_commit_ = clock_.elapsed();  // so that the group shows at once whose it is
}

void KafkaSource::Loop::stop_reading(Partition& partition, std::string why) {
  const bool reading = partition.state == State::reading || partition.state == State::paused;
  if (reading) consumer_->pause(std::vector{partition.where});
  disown(partition);
  partition.state = State::stopped;
  partition.problem = std::move(why);
  partition.ask_again.reset();
  next_publication_ = clock_.elapsed();
}

// What was read and not handled is dropped: it will be read again.
void KafkaSource::Loop::disown(Partition& partition) {
  if (partition.assignment == nullptr) return;
  partition.assignment->revoked = true;
  partition.open.reset();
  hand_over_.drop(*partition.assignment);
}

void KafkaSource::Loop::forget_assignment() {
  for (auto& [where, partition] : partitions_) disown(partition);
  partitions_.clear();
  last_ = nullptr;
  paused_.assign(paused_.size(), std::nullopt);
}

void KafkaSource::Loop::apply_assignment() {
  std::vector<PartitionOffset> offsets;
  for (const auto& [where, partition] : partitions_) {
    if (partition.state == State::reading || partition.state == State::paused) {
      offsets.push_back({where, partition.read, ""});
    }
  }
  if (const auto assigned = consumer_->assign(offsets); !assigned) {
    for (const PartitionOffset& each : offsets) ask_later(partitions_[each.where], assigned.error());
  }
  for (size_t lane = 0; lane < paused_.size(); ++lane) {
    if (paused_[lane]) consumer_->pause(read_on(lane));
  }
  next_publication_ = clock_.elapsed();
}

std::vector<TopicPartition> KafkaSource::Loop::read_on(size_t lane) const {
  std::vector<TopicPartition> partitions;
  for (const auto& [where, partition] : partitions_) {
    const bool reading = partition.state == State::reading || partition.state == State::paused;
    if (reading && partition.lane == lane) partitions.push_back(where);
  }
  return partitions;
}

KafkaSource::Loop::Partition* KafkaSource::Loop::find(std::string_view topic, int32_t partition) {
  if (last_ != nullptr && last_->where.partition == partition && last_->where.topic == topic) return last_;
  const auto found = partitions_.find(TopicPartition{std::string(topic), partition});
  if (found == partitions_.end()) return nullptr;
  last_ = &found->second;
  return last_;
}

}  // namespace kedge
