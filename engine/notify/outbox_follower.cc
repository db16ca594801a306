#include "notify/outbox_follower.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "base/thread_name.h"

namespace kedge {
namespace {

std::map<std::string, PaceLimits> paces_of(const std::vector<Channel>& channels) {
  std::map<std::string, PaceLimits> paces;
  for (const Channel& channel : channels) paces[channel.name] = channel.pace;
  return paces;
}

// The notice that a Change tells of; 0 for an alarm.
int64_t notice_of(const Change& change) {
  if (const auto* delivered = std::get_if<NoticeDelivered>(&change)) return delivered->number;
  if (const auto* deferred = std::get_if<NoticeDeferred>(&change)) return deferred->number;
  if (const auto* given_up = std::get_if<NoticeGivenUp>(&change)) return given_up->number;
  return 0;
}

constexpr Duration kAnswerTimeout = std::chrono::seconds(60);
constexpr Duration kUntilWoken = std::chrono::hours(1);

}  // namespace

OutboxFollower::OutboxFollower(
    LedgerReader& reader, Committer& committer, Mailbox<bool>& noticed, Clock& clock, Random& random,
    std::vector<Channel> channels,  // NOLINT(performance-unnecessary-value-param): moved from
    Options options)
    : reader_(reader),
      committer_(committer),
      noticed_(noticed),
      clock_(clock),
      options_(options),
      finished_(channels.size() + 1),
      dispatcher_(paces_of(channels), random, options_.schedule),
      figures_(dispatcher_.figures()) {
  for (Channel& channel : channels) {
    const std::string name = channel.name;
    workers_.try_emplace(name, std::move(channel));
  }
}

OutboxFollower::~OutboxFollower() { stop(); }

void OutboxFollower::start() {
  for (auto& [name, worker] : workers_) {
    worker.thread = std::thread([this, &worker = worker] { run(worker); });
  }
  thread_ = std::thread([this] { run(); });
}

void OutboxFollower::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  cancel_.request_stop();
  for (auto& [name, worker] : workers_) worker.inbox.close();
  for (auto& [name, worker] : workers_) worker.thread.join();
  noticed_.wake();
  thread_.join();
}

std::map<std::string, ChannelFigures> OutboxFollower::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

// A worker's whole life: one notice after the other, each with a plain blocking call.
void OutboxFollower::run(Worker& worker) {
  name_thread("kedge-notify");
  while (!worker.inbox.closed()) {
    auto notice = worker.inbox.take(kUntilWoken);
    if (!notice) continue;
    Delivery delivery = worker.channel.notifier->deliver(*notice, clock_.now(), cancel_.get_token());
    finished_.put({std::move(*notice), std::move(delivery)});
    noticed_.wake();
  }
}

void OutboxFollower::run() {
  name_thread("kedge-outbox");
  while (!stopping_) {
    pulse_.works();
    const Duration wait = turn();
    pulse_.waits();
    noticed_.take(wait);
    pulse_.works();
    settle(finished_.take_all(Duration(0)));
  }
  settle(finished_.take_all(Duration(0)));  // the workers have ended
  pulse_.waits();
}

// Hands out what may go. Returns how long there is nothing to do unless a worker finishes or somebody wakes us.
Duration OutboxFollower::turn() {
  if (committer_.failed() || !record()) return options_.try_again;
  auto due = reader_.due_notices(committer_.now(), options_.window);
  if (!due) {
    spdlog::warn("the outbox cannot be read: {}", due.error().message);
    return options_.try_again;
  }
  std::erase_if(*due, [&](const Notice& notice) { return settled_.contains(notice.number); });
  Dispatcher::Round round = dispatcher_.round(*due, moment());
  for (Notice& notice : round.send) {
    const auto worker = workers_.find(notice.channel);
    worker->second.inbox.put(std::move(notice));
  }
  unrecorded_.insert(unrecorded_.end(), round.changes.begin(), round.changes.end());
  record();
  return time_to_next(round);
}

Duration OutboxFollower::time_to_next(const Dispatcher::Round& round) {
  Duration wait = std::min(options_.look_again, round.wait.value_or(Duration::max()));
  if (const auto next = reader_.next_notice_due(); next && *next && **next > committer_.now()) {
    wait = std::min(wait, std::chrono::duration_cast<Duration>(**next - committer_.now()));
  }
  return std::max(wait, Duration(std::chrono::milliseconds(1)));
}

void OutboxFollower::settle(std::vector<Finished> finished) {
  if (stopping_) {  // what we cut short is no failure of its channel
    std::erase_if(finished, [](const Finished& one) { return one.delivery.kind == Delivery::Kind::retry; });
  }
  for (Finished& one : finished) {
    const Delivery& delivery = one.delivery;
    if (delivery.kind != Delivery::Kind::delivered) {
      spdlog::warn("notice {} to channel '{}': {}", one.notice.id, one.notice.channel, delivery.error);
    }
    for (Change& change : dispatcher_.finish(one.notice, delivery, moment())) unrecorded_.push_back(std::move(change));
  }
  record();
}

// Tells the ledger all that it does not know yet, in one group. False when it did not take all of it.
bool OutboxFollower::record() {
  {
    const std::lock_guard lock(mutex_);
    figures_ = dispatcher_.figures();
  }
  const std::vector<std::optional<Answer>> answers = ask_ledger(unrecorded_);
  std::vector<Change> again;
  settled_.clear();
  for (size_t i = 0; i < answers.size(); ++i) {
    const std::optional<Answer>& answer = answers[i];
    // refused: somebody else has settled this notice.
    if (answer && (answer->outcome == Outcome::done || answer->outcome == Outcome::refused)) continue;
    settled_.insert(notice_of(unrecorded_[i]));
    again.push_back(std::move(unrecorded_[i]));
  }
  unrecorded_ = std::move(again);
  return unrecorded_.empty();
}

// None where no answer came. The committer has a pulse of its own: that it is slow is not told of us.
std::vector<std::optional<Answer>> OutboxFollower::ask_ledger(const std::vector<Change>& changes) {
  pulse_.waits();
  std::vector<Reply<Answer>> replies;
  for (const Change& change : changes) replies.push_back(committer_.submit(change));
  std::vector<std::optional<Answer>> answers;
  for (Reply<Answer>& reply : replies) answers.push_back(reply.get(kAnswerTimeout));
  pulse_.works();
  return answers;
}

Dispatcher::Moment OutboxFollower::moment() { return {committer_.now(), clock_.elapsed()}; }

}  // namespace kedge
