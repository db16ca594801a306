#include "ledger/committer.h"

#include <algorithm>
#include <chrono>

namespace kedge {
namespace {

constexpr Duration kIdle = std::chrono::minutes(10);
constexpr Duration kHandOnAgain = std::chrono::milliseconds(10);
constexpr Duration kNoRoomPause = std::chrono::seconds(1);

Answer not_taken(Outcome outcome, Error error) {
  Answer answer;
  answer.outcome = outcome;
  answer.error = std::move(error);
  return answer;
}

Duration pause_before_going_on(bool no_room) { return no_room ? kNoRoomPause : Duration{0}; }

bool is_found_again(const FollowUp& follow_up) { return std::holds_alternative<WakeStanding>(follow_up); }

Change change_of(FollowUp follow_up) {
  return std::visit([](auto&& one) { return Change(std::forward<decltype(one)>(one)); }, std::move(follow_up));
}

FollowUp follow_up_of(const Change& change) {
  if (const auto* standing = std::get_if<WakeStanding>(&change)) return *standing;
  return std::get<RemovePause>(change);
}

template <class... Kinds>
bool any_is(const std::vector<Change>& changes) {
  return std::any_of(changes.begin(), changes.end(),
                     [](const Change& change) { return (std::holds_alternative<Kinds>(change) || ...); });
}

}  // namespace

Committer::Committer(Ledger& ledger, Mailbox<Remediation>& runnable, Options options)
    : ledger_(ledger), runnable_(runnable), options_(options), waiting_(options.waiting_max), head_(ledger.head()) {
  pen_.put({});
  thread_ = Thread("kedge-committer", [this] { run(); });
}

Committer::~Committer() { stop(); }

void Committer::stop() {
  waiting_.close();
  if (thread_.joinable()) thread_.join();
}

Reply<Answer> Committer::submit(Change change) {
  Reply<Answer> reply;
  const Reply<Answer>::Promise promise = reply.promise();
  if (!waiting_.put({std::move(change), promise})) {
    promise.keep(
        not_taken(Outcome::refused, {ErrorCode::unavailable, "the ledger takes no more: the engine is ending"}));
  }
  return reply;
}

Answer Committer::commit(Change change) {
  if (auto answer = write_at_once(change)) return *std::move(answer);
  auto answer = submit(std::move(change)).get(options_.answer_timeout);
  if (answer) return *std::move(answer);
  return not_taken(Outcome::unknown, {ErrorCode::timeout,
                                      "the ledger did not answer within " + format_duration(options_.answer_timeout)});
}

// None where somebody waits or writes: the change is then untouched.
std::optional<Answer> Committer::write_at_once(Change& change) {
  if (waiting_.weight() > 0 || waiting_.closed()) return std::nullopt;
  auto pen = pen_.take(Duration{0});
  if (!pen) return std::nullopt;
  Reply<Answer> reply;
  std::vector<Waiting> group = next_group(*pen);  // who came meanwhile is first
  group.push_back({std::move(change), reply.promise()});
  write(*pen, std::move(group));
  if (!pen->to_hand_on.empty() || !pen->to_go_on.empty()) waiting_.wake();
  pen_.put(*std::move(pen));
  return reply.get(Duration{0});
}

std::optional<Error> Committer::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

Committer::Figures Committer::figures() const { return {groups_, changes_, micros_}; }

void Committer::run() {
  for (Duration patience = kIdle;;) {
    const bool closed = waiting_.closed();
    waiting_.wait(patience);
    Pen pen = take_pen();
    hand_on(pen);
    if (closed) std::erase_if(pen.to_go_on, is_found_again);
    std::vector<Waiting> group = next_group(pen);
    if (!group.empty()) write(pen, std::move(group));
    const bool goes_on = !pen.to_go_on.empty() && !(closed && no_room_);
    if (closed && !goes_on && waiting_.weight() == 0) return;  // with the pen: nobody writes any more
    patience = goes_on ? pause_before_going_on(no_room_) : pen.to_hand_on.empty() ? kIdle : kHandOnAgain;
    pen_.put(std::move(pen));
  }
}

// All that wait, and one that goes on: its answer is nobody's.
std::vector<Committer::Waiting> Committer::next_group(Pen& pen) {
  std::vector<Waiting> group = waiting_.take_all(Duration{0}, options_.group_max);
  if (pen.to_go_on.empty()) return group;
  group.push_back({change_of(std::move(pen.to_go_on.front())), Reply<Answer>().promise(), true});
  pen.to_go_on.pop_front();
  return group;
}

Committer::Pen Committer::take_pen() {
  for (;;) {
    if (auto pen = pen_.take(kIdle)) return *std::move(pen);
  }
}

void Committer::write(Pen& pen, std::vector<Waiting> group) noexcept {
  pulse_.works();
  std::vector<Change> changes;
  changes.reserve(group.size());
  for (Waiting& waiting : group) changes.push_back(std::move(waiting.change));

  std::vector<Answer> answers;
  if (const auto error = failed()) {
    answers.assign(group.size(), not_taken(Outcome::final, *error));
  } else {
    const auto begin = std::chrono::steady_clock::now();  // tidy: a figure to show; nothing is decided by it
    answers = ledger_.apply(changes);
    const auto end = std::chrono::steady_clock::now();  // tidy: the same
    micros_ += std::chrono::duration_cast<Duration>(end - begin).count();
    ++groups_;
    changes_ += static_cast<int64_t>(changes.size());
    note(changes, answers);
  }
  bool notices = false;
  for (const Answer& answer : answers) {
    pen.to_hand_on.insert(pen.to_hand_on.end(), answer.runnable.begin(), answer.runnable.end());
    notices = notices || answer.notices > 0;
  }
  hand_on(pen);  // first: an effect waits for it
  for (size_t i = 0; i < answers.size(); ++i) {
    pen.to_go_on.insert(pen.to_go_on.end(), answers[i].more.begin(), answers[i].more.end());
    if (group[i].goes_on && answers[i].outcome == Outcome::no_room) pen.to_go_on.push_back(follow_up_of(changes[i]));
  }
  for (size_t i = 0; i < group.size(); ++i) group[i].promise.keep(std::move(answers[i]));
  if (notices && options_.noticed != nullptr) options_.noticed->try_put(true);
  pulse_.waits();
}

// What the group says of the ledger's health. The head is told first: whoever is handed a remediation, or an answer,
// must not find an older one.
void Committer::note(const std::vector<Change>& changes, const std::vector<Answer>& answers) {
  head_ = ledger_.head();
  if (any_is<AddException, RevokeException>(changes)) ++exceptions_version_;
  if (any_is<AddPause, RemovePause>(changes)) ++pauses_version_;
  bool no_room = false;
  for (const Answer& answer : answers) {
    no_room = no_room || answer.outcome == Outcome::no_room;
    if (answer.outcome != Outcome::final) continue;
    const std::lock_guard lock(mutex_);
    if (!failed_) failed_ = answer.error;
  }
  no_room_ = no_room;
}

// Never waits for room: the executor may itself be waiting for an answer of ours.
void Committer::hand_on(Pen& pen) {
  while (!pen.to_hand_on.empty() && runnable_.try_put(std::move(pen.to_hand_on.front()))) pen.to_hand_on.pop_front();
  if (runnable_.closed()) pen.to_hand_on.clear();
}

}  // namespace kedge
