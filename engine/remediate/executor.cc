#include "remediate/executor.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace kedge {
namespace {

// Of so many workers one takes only what isolates.
constexpr int kWorkersToOneForIsolation = 8;

// So often in ExecutorOptions::in_hand the ledger is looked into for what comes near: one that could not be read, or a
// remediation that was with a worker just then, is no reason to be late.
constexpr int kLooksInHand = 6;

constexpr Duration kLongestNap = std::chrono::seconds(60);  // of threads that have nothing to do

}  // namespace

Executor::Executor(Edges edges, Options options)
    : edges_(std::move(edges)),
      options_(std::move(options)),
      write_places_(options_.writers_per_endpoint),
      worker_(edges_, options_, write_places_),
      lead_(1),
      coming_back_(SIZE_MAX),
      all_are_back_(1) {}

Executor::~Executor() { stop(Duration{0}); }

void Executor::start(const std::vector<LedgerReader::Unfinished>& open) {
  const int others_max = options_.workers - options_.workers / kWorkersToOneForIsolation;
  auto schedule = std::make_unique<Schedule>(write_places_, options_.per_endpoint, options_.courses_max, others_max);
  for (const LedgerReader::Unfinished& one : open) rest(*schedule, one);
  look_at_ = edges_.clock.elapsed() + options_.in_hand / kLooksInHand;
  lead_.put(std::move(schedule));
  for (int i = 0; i < options_.workers; ++i) threads_.emplace_back("kedge-worker", [this] { work(); });
}

void Executor::stop(Duration deadline) {
  if (threads_.empty()) return;
  worker_.wind_down();
  stopping_ = true;
  edges_.runnable.wake();
  if (!all_are_back_.take(deadline)) worker_.cancel();
  for (Thread& thread : threads_) thread.join();
  threads_.clear();
}

Executor::Figures Executor::figures() const {
  const Worker::Figures done = worker_.figures();
  return {done.turns,
          static_cast<int64_t>(open_.load()),
          static_cast<int64_t>(running_.load()),
          static_cast<int64_t>(waiting_.load()),
          done.attempts,
          done.writes,
          edges_.breakers.open(edges_.committer.now()),
          edges_.breakers.openings()};
}

// ---- the workers ---------------------------------------------------------------------------------------------------

void Executor::work() {
  while (auto job = next_job()) {
    const Worker::Rest rest = worker_.run(*job);
    coming_back_.put({std::move(job), rest});
    edges_.runnable.wake();
  }
}

// Null when the executor has ended.
std::unique_ptr<Job> Executor::next_job() {
  while (!lead_.closed()) {
    auto schedule = lead_.take(kLongestNap);
    if (!schedule) continue;
    auto job = lead(**schedule);
    pulse_.waits();
    if (job == nullptr) {
      lead_.close();
      all_are_back_.put(true);
      return nullptr;
    }
    lead_.put(*std::move(schedule));
    return job;
  }
  return nullptr;
}

// ---- the leader ----------------------------------------------------------------------------------------------------

// Waits for a job that can go. Null when nothing is to be begun any more and all are back.
std::unique_ptr<Job> Executor::lead(Schedule& schedule) {
  Duration nap{0};
  for (;;) {
    pulse_.waits();
    std::vector<Remediation> runnable = edges_.runnable.take_all(nap);
    pulse_.works();
    take_up_what_comes_near(schedule);
    for (Remediation& remediation : runnable) arrived(schedule, std::move(remediation));
    // After the wait: who comes back ends it.
    for (Returned& returned : coming_back_.take_all(Duration{0})) place(schedule, std::move(returned));
    if (edges_.runnable.closed()) stopping_ = true;
    const Duration elapsed = edges_.clock.elapsed();
    auto job = stopping_ ? nullptr : schedule.take(elapsed);
    open_ = schedule.size();
    running_ = schedule.out();
    waiting_ = schedule.timed();
    if (job != nullptr) return job;
    if (!stopping_) {
      nap = std::max(Duration{0}, schedule.next_due(std::min(look_at_, elapsed + kLongestNap)) - elapsed);
    } else if (schedule.out() == 0) {
      return nullptr;
    } else {  // they alone are waited for: a closed mailbox ends every wait at once
      nap = Duration{0};
      pulse_.waits();
      for (Returned& returned : coming_back_.take_all(kLongestNap)) place(schedule, std::move(returned));
    }
  }
}

void Executor::arrived(Schedule& schedule, Remediation remediation) {
  if (schedule.knows(remediation.id)) return schedule.note_newer(remediation.id);
  schedule.make_ready(worker_.make_job(std::move(remediation), false));
}

// One of which the ledger alone knows more.
void Executor::rest(Schedule& schedule, const LedgerReader::Unfinished& open) {
  auto job = Worker::job_at_rest(open);
  const Time now = edges_.committer.now();
  if (open.due && *open.due > now)
    return schedule.make_timed(std::move(job), edges_.clock.elapsed() + (*open.due - now));
  schedule.make_ready(std::move(job));
}

void Executor::take_up_what_comes_near(Schedule& schedule) {
  const Duration elapsed = edges_.clock.elapsed();
  if (elapsed < look_at_ || stopping_) return;
  look_at_ = elapsed + options_.in_hand / kLooksInHand;
  const auto near = edges_.reader.due(edges_.committer.now() + options_.in_hand);
  if (!near) return spdlog::error("what comes near could not be read: {}", near.error().message);
  for (const LedgerReader::Unfinished& one : *near) {
    if (!schedule.knows(one.id)) rest(schedule, one);
  }
}

void Executor::place(Schedule& schedule, Returned returned) {
  switch (returned.rest.kind) {
    case Worker::Rest::Kind::ready:
      return schedule.make_ready(std::move(returned.job));
    case Worker::Rest::Kind::timed:
      return schedule.make_timed(std::move(returned.job), returned.rest.until);
    case Worker::Rest::Kind::over:
      return schedule.forget(std::move(returned.job));
  }
}

}  // namespace kedge
