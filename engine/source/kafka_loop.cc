// A turn: serve commands, poll until nothing is there (or enough was read), hand over, tell the group. Nothing in a
// turn waits for longer than `lane_patience`, but for the commit at a revocation.
#include "source/kafka_loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/thread_name.h"
#include "source/aloneness.h"

namespace kedge {

using std::chrono::milliseconds;
using std::chrono::seconds;
using State = PartitionStatus::State;

namespace {

// At an assignment there is a survey at once. Until then it would only keep the questions that reading waits for
// waiting; but where no assignment comes, it may say why.
constexpr Duration kBeforeTheFirstSurvey = seconds(5);

}  // namespace

KafkaSource::Loop::Loop(Options options, const Lanes& lanes, Positions& positions, Clock& clock)
    : options_(std::move(options)),
      positions_(positions),
      clock_(clock),
      commands_(SIZE_MAX),
      last_turn_(clock.elapsed().count()),
      hand_over_(lanes),
      paused_(lanes.size()),
      problems_(options_.name),
      renewal_(options_.renew_after),
      threads_(options_.threads_max),
      doubt_(describe_doubt()) {}

Result<void> KafkaSource::Loop::start(Source* source) {
  source_ = source;
  auto consumer = KafkaConsumer::create(consumer_options(options_));
  if (!consumer) return consumer.error().with("source " + options_.name);
  consumer_ = *std::move(consumer);
  ledger_ = positions_.ledger_id();
  incomplete_since_ = clock_.elapsed();
  next_survey_ = clock_.elapsed() + std::min(options_.survey_interval, kBeforeTheFirstSurvey);
  surveyor_ = std::make_unique<KafkaSurveyor>(options_.name, options_.start, *consumer_, positions_,
                                              [this](SurveyorAnswer answer) { commands_.put(std::move(answer)); });
  surveying_ = std::thread([self = shared_from_this()] {
    name_thread("kedge-survey");
    self->surveyor_->run();
    self->surveyor_ended_.promise().keep(true);
  });
  surveyor_->ask_heads();
  owner_ = std::thread([self = shared_from_this()] { self->run(); });
  return {};
}

bool KafkaSource::Loop::stop(Duration deadline) {
  if (std::exchange(stopped_, true) || !owner_.joinable()) return true;
  tell(Stop{deadline});
  constexpr Duration kGrace = seconds(1);  // finish() keeps the deadline, but for a little
  const auto clean = ended_.get(deadline + kGrace);
  clean ? owner_.join() : owner_.detach();                  // tidy: a client that does not end must not keep us;
  clean == true ? surveying_.join() : surveying_.detach();  // tidy: the thread holds all that it uses
  return clean == true;
}

void KafkaSource::Loop::run() {
  name_thread("kedge-source");
  while (!stopping_) turn();
  ended_.promise().keep(finish(*stopping_));
}

void KafkaSource::Loop::turn() {
  last_turn_ = clock_.elapsed().count();
  serve_commands();
  resume_lanes();
  ask_again();
  read();
  hand_over_all();
  tell_group();
  survey();
  renew_client();
  compare_heads();
  publish();
}

void KafkaSource::Loop::serve_commands() {
  auto commands = std::exchange(deferred_, {});
  for (Command& command : commands_.take_all(Duration(0))) commands.push_back(std::move(command));
  for (Command& command : commands) {
    std::visit([this](auto& each) { on(each); }, command);
  }
}

Duration KafkaSource::Loop::poll_timeout() const {
  const bool waiting =
      std::ranges::any_of(paused_, [](const auto& since) { return since.has_value(); }) ||
      std::ranges::any_of(partitions_, [](const auto& each) { return each.second.state == State::asking; });
  return waiting ? milliseconds(5) : milliseconds(50);
}

void KafkaSource::Loop::read() {
  constexpr size_t kMessageBytes = 64;  // so that empty ones count too
  size_t bytes = 0;
  Duration timeout = poll_timeout();
  while (bytes < options_.drain_bytes_max) {
    Polled polled = consumer_->poll(timeout);
    timeout = Duration(0);
    if (auto* message = std::get_if<KafkaMessage>(&polled)) {
      bytes += message->value().size() + kMessageBytes;
      on(*message);
    } else if (const auto* assigned = std::get_if<PartitionsAssigned>(&polled)) {
      on(*assigned);
    } else if (const auto* revoked = std::get_if<PartitionsRevoked>(&polled)) {
      on(*revoked);
    } else if (const auto* problem = std::get_if<KafkaProblem>(&polled)) {
      on(*problem);
    } else {
      return;
    }
  }
}

void KafkaSource::Loop::on(const KafkaMessage& message) {
  Partition* partition = find(message.topic(), message.partition());
  const bool wanted = partition != nullptr && (partition->state == State::reading || partition->state == State::paused);
  if (!wanted) return;
  if (message.offset() < partition->read) {
    ++counters_.repeated;
  } else if (!partition->check || passes_check(*partition, message)) {
    append(*partition, message);
  }
}

// The first record after an assignment. True: it is a new one. False: it is the bookmark's, or a stranger in its place.
bool KafkaSource::Loop::passes_check(Partition& partition, const KafkaMessage& message) {
  const Bookmark bookmark = *std::exchange(partition.check, std::nullopt);
  partition.read = std::max(bookmark.offset + 1, partition.handed);
  if (message.offset() > bookmark.offset) {
    ++counters_.bookmarks_gone;
    return message.offset() >= partition.read;
  }
  if (message.timestamp() == bookmark.timestamp && sha256(message.value()) == bookmark.digest) return false;
  const PartitionId id = {options_.name, partition.where.topic, partition.where.partition};
  ReadingNotice notice = another_record(id, bookmark);
  partition.log_differs = true;
  stop_reading(partition, notice.text);
  surveyor_->ask_to_announce(std::move(notice));
  return false;
}

void KafkaSource::Loop::append(Partition& partition, const KafkaMessage& message) {
  if (!partition.open) partition.open.emplace(source_, partition.assignment, partition.handed, partition.expected);
  headers_.clear();
  message.for_each_header([this](std::string_view name, std::string_view value) { headers_.push_back({name, value}); });
  partition.open->append({.offset = message.offset(),
                          .timestamp = message.timestamp(),
                          .key = message.key(),
                          .value = message.value(),
                          .headers = headers_,
                          .has_key = message.has_key(),
                          .tombstone = !message.has_value()});
  partition.read = message.offset() + 1;
  ++partition.messages, ++counters_.messages;
  partition.bytes += message.value().size(), counters_.bytes += message.value().size();
  if (!message.has_value()) ++partition.tombstones, ++counters_.tombstones;
  if (partition.open->bytes() >= options_.batch_bytes_max) hand_over(partition);
}

void KafkaSource::Loop::hand_over(Partition& partition) {
  Batch batch = *std::exchange(partition.open, std::nullopt);
  batch.seal(clock_.now());
  partition.expected = batch.used();
  partition.handed = batch.next();
  hand_over_.give(std::move(batch));
  if (hand_over_.waits(partition.lane) && !paused_[partition.lane]) wait_for_room(partition.lane);
}

void KafkaSource::Loop::hand_over_all() {
  for (auto& [where, partition] : partitions_) {
    if (partition.open) hand_over(partition);
  }
}

// A lane that is only a little slower than we are gets time, since a pause throws away what the client has fetched. A
// lane that stands still is paused.
void KafkaSource::Loop::wait_for_room(size_t lane) {
  constexpr Duration kLook = milliseconds(1);
  const Duration end = clock_.elapsed() + options_.lane_patience;
  while (!hand_over_.offer(lane)) {
    if (auto command = commands_.take(kLook)) deferred_.push_back(*std::move(command));
    if (clock_.elapsed() < end) continue;
    paused_[lane] = clock_.elapsed();
    ++counters_.pauses;
    consumer_->pause(read_on(lane));
    for (auto& [where, partition] : partitions_) {
      if (partition.lane == lane && partition.state == State::reading) partition.state = State::paused;
    }
    return;
  }
}

// While a partition is paused nothing of it is fetched, and nobody tells us if its topic is made anew.
void KafkaSource::Loop::resume_lanes() {
  for (size_t lane = 0; lane < paused_.size(); ++lane) {
    if (!paused_[lane]) continue;
    hand_over_.offer(lane);
    if (!hand_over_.has_room_again(lane)) continue;
    const bool for_long = clock_.elapsed() - *paused_[lane] > options_.trusted_pause;
    paused_[lane].reset();
    if (!for_long) consumer_->resume(read_on(lane));
    for (auto& [where, partition] : partitions_) {
      if (partition.lane != lane || partition.state != State::paused) continue;
      partition.state = State::reading;
      if (for_long) look_again(partition, "");
    }
  }
}

void KafkaSource::Loop::tell_group() {
  constexpr Duration kInterval = seconds(1);
  const Duration now = clock_.elapsed();
  if (now < next_commit_) return;
  next_commit_ = now + kInterval;
  if (const uint64_t failed = consumer_->commits_failed(); failed != commits_failed_) {
    commits_failed_ = failed;
    for (auto& [where, partition] : partitions_) partition.told = -1;
  }
  consumer_->commit(take_untold());
}

std::vector<PartitionOffset> KafkaSource::Loop::take_untold() {
  std::vector<PartitionOffset> offsets;
  for (auto& [where, partition] : partitions_) {
    if (partition.assignment == nullptr || partition.told >= partition.committed) continue;
    partition.told = partition.committed;
    offsets.push_back({where, partition.committed, format_group_mark({ledger_, partition.assignment->epoch})});
  }
  return offsets;
}

void KafkaSource::Loop::survey() {
  constexpr Duration kWhileNotAlone = seconds(5);
  const Duration now = clock_.elapsed();
  if (now < next_survey_ || surveying_now_) return;
  surveying_now_ = true;
  next_survey_ =
      now + (counters_.alone ? options_.survey_interval : std::min(options_.survey_interval, kWhileNotAlone));
  surveyor_->ask_survey();
}

// A request that is stuck at a broker which is gone may keep the client from its group for good, though others would
// answer (before 2.10.0). Where nobody refuses us, a new client begins afresh; the surveyor lets go of this one first.
void KafkaSource::Loop::renew_client() {
  const bool well = joined_ || no_topics_ || problems_.kept_out();
  if (!renewal_.is_due(well, clock_.elapsed()) || letting_go_) return;
  letting_go_ = true;
  surveyor_->ask_to_let_go();
}

// First at the start, before the group has given us anything: until it is known that the ledger is not an older copy,
// nothing may be done of what it holds.
void KafkaSource::Loop::compare_heads() {
  if (!compare_again_ || clock_.elapsed() < *compare_again_) return;
  compare_again_.reset();
  surveyor_->ask_heads();
}

void KafkaSource::Loop::publish() {
  constexpr Duration kInterval = milliseconds(200);
  const Duration now = clock_.elapsed();
  if (now < next_publication_) return;
  next_publication_ = now + kInterval;
  problems_.forget_old(now);
  SourceStatus status = describe(now);
  counters_.alone = status.alone;
  const std::lock_guard lock(status_mutex_);
  status_ = std::move(status);
  doubt_ = describe_doubt();
}

bool KafkaSource::Loop::finish(Duration deadline) {
  const Duration end = clock_.elapsed() + deadline;
  const auto remaining = [&] { return std::max(Duration(0), end - clock_.elapsed()); };
  surveyor_->stop();
  serve_commands();
  for (auto& [where, partition] : partitions_) disown(partition);
  constexpr Duration kCommitMax = seconds(5);
  if (auto told = consumer_->commit_now(take_untold(), std::min(remaining() / 4, kCommitMax)); !told) {
    spdlog::warn("source {}: the last offsets could not be committed: {}", name(), told.error().message);
  }
  if (!surveyor_ended_.get(remaining() / 2)) {
    spdlog::warn("source {}: the client hangs in a question to the broker, and is left as it is", name());
    return false;  // it must not be freed
  }
  return consumer_->close(remaining()) && all_closed_;
}

}  // namespace kedge
