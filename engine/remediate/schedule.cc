#include "remediate/schedule.h"

#include <algorithm>

namespace kedge {

// ---- coming back -------------------------------------------------------------------------------------------------

// True when the ledger got something newer meanwhile.
bool Schedule::comes_back(Job& job) {
  auto& entry = jobs_[job.id];
  if (entry.place != Place::out) return false;
  entry.place = Place::ready;
  --out_;
  for (const KeyHash key : job.keys_held) busy_keys_.erase(key);
  job.keys_held = {};
  if (!job.writes_at.empty()) write_places_.give_back(std::exchange(job.writes_at, ""));
  const auto taken = places_taken_.find(job.endpoint_held);
  if (taken != places_taken_.end() && --taken->second == 0) places_taken_.erase(taken);
  job.endpoint_held = {};
  const bool newer = std::exchange(entry.newer, false);
  job.reread = job.reread || newer;
  return newer;
}

void Schedule::keep(Entry& entry, std::unique_ptr<Job> job) {
  if (!job->begun && courses_ >= courses_max_) job->course.reset();
  if (job->course) ++courses_;
  entry.job = std::move(job);
}

void Schedule::make_ready(std::unique_ptr<Job> job) {
  comes_back(*job);
  Entry& entry = jobs_[job->id];
  keep(entry, std::move(job));
  put_ready(entry);
}

void Schedule::put_ready(Entry& entry) {
  entry.place = Place::ready;
  Queue& queues = ready_[entry.job->endpoint];
  auto& queue = entry.job->put_off ? queues.to_write : queues.others;
  if (entry.job->isolates) {
    queue.push_front(&entry);
  } else {
    queue.push_back(&entry);
  }
}

void Schedule::make_timed(std::unique_ptr<Job> job, Duration until) {
  if (comes_back(*job)) return make_ready(std::move(job));
  Entry& entry = jobs_[job->id];
  entry.place = Place::timed;
  entry.timer = next_timer_++;
  timers_.push({until, entry.timer, job->id});
  keep(entry, std::move(job));
  ++timed_;
}

void Schedule::forget(std::unique_ptr<Job> job) {
  if (comes_back(*job)) return make_ready(std::move(job));
  jobs_.erase(job->id);
}

void Schedule::note_newer(const std::string& id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return;
  Entry& entry = found->second;
  if (entry.place == Place::out) {
    entry.newer = true;
    return;
  }
  entry.job->reread = true;
  if (entry.place == Place::timed) {
    --timed_;
    put_ready(entry);
  }
}

// ---- going out ---------------------------------------------------------------------------------------------------

bool Schedule::keys_are_free(const Job& job) const {
  return std::none_of(job.keys.begin(), job.keys.end(), [&](KeyHash key) { return busy_keys_.contains(key); });
}

// One that waits for the place of one that writes takes it here.
bool Schedule::may_write(Job& job) {
  if (!job.put_off) return true;
  if (!write_places_.take(job.endpoint, job.isolates)) return false;
  job.writes_at = job.endpoint;
  return true;
}

void Schedule::wake_due(Duration elapsed) {
  for (; !timers_.empty() && timers_.top().due <= elapsed; timers_.pop()) {
    const auto found = jobs_.find(timers_.top().id);
    if (found == jobs_.end() || found->second.place != Place::timed) continue;
    if (found->second.timer != timers_.top().number) continue;  // an older wait of it
    --timed_;
    put_ready(found->second);
  }
}

std::unique_ptr<Job> Schedule::take(Duration elapsed) {
  wake_due(elapsed);
  for (size_t passed_over = 0; passed_over < ready_.size(); ++passed_over) {
    auto queue = ready_.upper_bound(last_endpoint_);
    if (queue == ready_.end()) queue = ready_.begin();
    last_endpoint_ = queue->first;
    auto job = take_from(queue->first, queue->second);
    if (queue->second.empty()) ready_.erase(queue);
    if (job != nullptr) return job;
  }
  return nullptr;
}

// Those that isolate stand first in the queue: the others do not go where they may not.
Schedule::Entry* Schedule::first_of(std::deque<Entry*>& queue, bool others_may) {
  for (auto next = queue.begin(); next != queue.end(); ++next) {
    Entry* const entry = *next;
    if (!entry->job->isolates && !others_may) return nullptr;
    if (!keys_are_free(*entry->job) || !may_write(*entry->job)) continue;
    queue.erase(next);
    return entry;
  }
  return nullptr;
}

Schedule::Entry* Schedule::next_to_go(const std::string& endpoint, Queue& queue) {
  const auto places = places_taken_.find(endpoint);
  const int taken = places == places_taken_.end() ? 0 : places->second;
  if (taken > per_endpoint_) return nullptr;
  const bool others_may = taken < per_endpoint_ && out_ < others_max_;
  if (Entry* const writes = first_of(queue.to_write, others_may)) return writes;
  return first_of(queue.others, others_may && queue.to_write.size() < kPutOffMost);
}

std::unique_ptr<Job> Schedule::take_from(const std::string& endpoint, Queue& queue) {
  Entry* const next = next_to_go(endpoint, queue);
  if (next == nullptr) return nullptr;
  Entry& entry = *next;
  entry.place = Place::out;
  if (entry.job->course) --courses_;
  entry.job->endpoint_held = endpoint;
  entry.job->keys_held = entry.job->keys;
  ++out_;
  ++places_taken_[endpoint];
  busy_keys_.insert(entry.job->keys_held.begin(), entry.job->keys_held.end());
  return std::move(entry.job);
}

Duration Schedule::next_due(Duration most) const { return timers_.empty() ? most : std::min(most, timers_.top().due); }

}  // namespace kedge
