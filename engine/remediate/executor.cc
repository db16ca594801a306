#include "remediate/executor.h"

#include <algorithm>

#include "base/thread_name.h"

namespace kedge {
namespace {

constexpr Duration kLongestNap = std::chrono::seconds(60);  // of threads that have nothing to do

}  // namespace

Executor::Executor(Edges edges, Options options)
    : edges_(std::move(edges)),
      options_(std::move(options)),
      worker_(edges_, options_),
      going_out_(SIZE_MAX),
      coming_back_(SIZE_MAX),
      all_are_back_(1),
      schedule_(options_.per_endpoint) {}

Executor::~Executor() { stop(Duration{0}); }

void Executor::start(std::vector<Remediation> open) {
  for (Remediation& remediation : open) arrived(std::move(remediation), true);
  threads_.emplace_back([this] { schedule_turns(); });
  for (int i = 0; i < options_.workers; ++i) threads_.emplace_back([this] { work(); });
}

void Executor::stop(Duration deadline) {
  if (threads_.empty()) return;
  worker_.wind_down();
  stopping_ = true;
  edges_.runnable.wake();
  if (!all_are_back_.take(deadline)) worker_.cancel();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

Executor::Figures Executor::figures() const {
  const Worker::Figures done = worker_.figures();
  return {done.turns,
          static_cast<int64_t>(open_.load()),
          static_cast<int64_t>(running_.load()),
          static_cast<int64_t>(waiting_.load()),
          done.attempts,
          done.writes};
}

// ---- the scheduling thread -----------------------------------------------------------------------------------------

void Executor::schedule_turns() {
  name_thread("kedge-schedule");
  for (;;) {
    for (Returned& returned : coming_back_.take_all(Duration{0})) place(std::move(returned));
    if (stopping_ && schedule_.out() == 0) break;
    if (!stopping_) {
      const auto workers = static_cast<size_t>(options_.workers);
      for (auto& job : schedule_.take(edges_.clock.elapsed(), workers)) going_out_.put(std::move(job));
    }
    open_ = schedule_.size();
    running_ = schedule_.out();
    waiting_ = schedule_.timed();
    const Duration elapsed = edges_.clock.elapsed();
    const Duration nap =
        stopping_ ? kLongestNap : std::max(Duration{0}, schedule_.next_due(elapsed + kLongestNap) - elapsed);
    for (Remediation& remediation : edges_.runnable.take_all(nap)) arrived(std::move(remediation), false);
    if (!edges_.runnable.closed()) continue;
    stopping_ = true;  // from here on only those who come back can wake this thread
    if (schedule_.out() == 0) continue;
    for (Returned& returned : coming_back_.take_all(kLongestNap)) place(std::move(returned));
  }
  going_out_.close();
  all_are_back_.put(true);
}

void Executor::arrived(Remediation remediation, bool resumed) {
  if (schedule_.knows(remediation.id)) return schedule_.note_newer(remediation.id);
  schedule_.make_ready(worker_.make_job(std::move(remediation), resumed));
}

void Executor::place(Returned returned) {
  switch (returned.rest.kind) {
    case Worker::Rest::Kind::ready:
      return schedule_.make_ready(std::move(returned.job));
    case Worker::Rest::Kind::timed:
      return schedule_.make_timed(std::move(returned.job), returned.rest.until);
    case Worker::Rest::Kind::over:
      return schedule_.forget(std::move(returned.job));
  }
}

// ---- the workers ---------------------------------------------------------------------------------------------------

void Executor::work() {
  name_thread("kedge-worker");
  for (;;) {
    auto job = going_out_.take(kLongestNap);
    if (!job) {
      if (going_out_.closed()) return;
      continue;
    }
    const Worker::Rest rest = worker_.run(**job);
    coming_back_.put({*std::move(job), rest});
    edges_.runnable.wake();
  }
}

}  // namespace kedge
