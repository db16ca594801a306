#include "remediate/schedule.h"

#include <algorithm>

namespace kedge {

// ---- coming back -------------------------------------------------------------------------------------------------

Schedule::Node& Schedule::node_of(const std::string& id) {
  if (const auto found = jobs_.find(std::string_view(id)); found != jobs_.end()) return *found;
  return *jobs_.try_emplace(std::pmr::string(id, &memory_)).first;
}

// True when the ledger got something newer meanwhile.
bool Schedule::comes_back(Job& job) {
  Entry& entry = node_of(job.id).second;
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
  entry.endpoint = &*endpoints_.insert(job->endpoint).first;
  entry.keys.assign(job->keys.begin(), job->keys.end());
  entry.to_write = job->put_off.has_value();
  entry.isolates = job->isolates;
  entry.resumed = job->resumed;
  entry.reread = job->reread;
  if (!job->begun && courses_ >= courses_max_) job->course.reset();
  if (!job->course && !job->put_off) return;  // no more of it is known than that
  if (job->course) ++courses_;
  entry.job = std::move(job);
}

void Schedule::make_ready(std::unique_ptr<Job> job) {
  comes_back(*job);
  Node& node = node_of(job->id);
  keep(node.second, std::move(job));
  put_ready(node);
}

void Schedule::put_ready(Node& node) {
  Entry& entry = node.second;
  entry.place = Place::ready;
  Queue& queues = ready_[*entry.endpoint];
  auto& queue = entry.to_write ? queues.to_write : queues.others;
  if (entry.isolates) {
    queue.push_front(&node);
  } else {
    queue.push_back(&node);
  }
}

void Schedule::make_timed(std::unique_ptr<Job> job, Duration until) {
  if (comes_back(*job)) return make_ready(std::move(job));
  auto& [id, entry] = node_of(job->id);
  entry.place = Place::timed;
  entry.timer = next_timer_++;
  timers_.push({until, entry.timer, std::pmr::string(id, &memory_)});
  keep(entry, std::move(job));
  ++timed_;
}

void Schedule::forget(std::unique_ptr<Job> job) {
  if (comes_back(*job)) return make_ready(std::move(job));
  jobs_.erase(jobs_.find(std::string_view(job->id)));
}

void Schedule::note_newer(const std::string& id) {
  const auto found = jobs_.find(std::string_view(id));
  if (found == jobs_.end()) return;
  Entry& entry = found->second;
  if (entry.place == Place::out) {
    entry.newer = true;
    return;
  }
  entry.reread = true;
  if (entry.place == Place::timed) {
    --timed_;
    put_ready(*found);
  }
}

// ---- going out ---------------------------------------------------------------------------------------------------

bool Schedule::keys_are_free(const Entry& entry) const {
  return std::none_of(entry.keys.begin(), entry.keys.end(), [&](KeyHash key) { return busy_keys_.contains(key); });
}

// One that waits for the place of one that writes takes it here.
bool Schedule::may_write(Entry& entry) {
  if (!entry.to_write) return true;
  if (!write_places_.take(*entry.endpoint, entry.isolates)) return false;
  entry.job->writes_at = *entry.endpoint;
  return true;
}

void Schedule::wake_due(Duration elapsed) {
  for (; !timers_.empty() && timers_.top().due <= elapsed; timers_.pop()) {
    const auto found = jobs_.find(timers_.top().id);
    if (found == jobs_.end() || found->second.place != Place::timed) continue;
    if (found->second.timer != timers_.top().number) continue;  // an older wait of it
    --timed_;
    put_ready(*found);
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
Schedule::Node* Schedule::first_of(std::deque<Node*>& queue, bool others_may) {
  for (auto next = queue.begin(); next != queue.end(); ++next) {
    Node* const node = *next;
    Entry& entry = node->second;
    if (!entry.isolates && !others_may) return nullptr;
    if (!keys_are_free(entry) || !may_write(entry)) continue;
    queue.erase(next);
    return node;
  }
  return nullptr;
}

Schedule::Node* Schedule::next_to_go(const std::string& endpoint, Queue& queue) {
  const auto places = places_taken_.find(endpoint);
  const int taken = places == places_taken_.end() ? 0 : places->second;
  if (taken > per_endpoint_) return nullptr;
  const bool others_may = taken < per_endpoint_ && out_ < others_max_;
  if (Node* const writes = first_of(queue.to_write, others_may)) return writes;
  return first_of(queue.others, others_may && queue.to_write.size() < kPutOffMost);
}

std::unique_ptr<Job> Schedule::take_from(const std::string& endpoint, Queue& queue) {
  Node* const node = next_to_go(endpoint, queue);
  if (node == nullptr) return nullptr;
  auto job = take_out(*node);
  job->endpoint_held = endpoint;
  job->keys_held = job->keys;
  ++out_;
  ++places_taken_[endpoint];
  busy_keys_.insert(job->keys_held.begin(), job->keys_held.end());
  return job;
}

// As it was, or, where its course was dropped, as much of it as is known here.
std::unique_ptr<Job> Schedule::take_out(Node& node) {
  auto& [id, entry] = node;
  entry.place = Place::out;
  auto job = std::move(entry.job);
  if (job) {
    if (job->course) --courses_;
  } else {
    job = std::make_unique<Job>();
    job->id = id;
    job->endpoint = *entry.endpoint;
    job->keys.assign(entry.keys.begin(), entry.keys.end());
    job->isolates = entry.isolates;
    job->resumed = entry.resumed;
  }
  job->reread = entry.reread;
  return job;
}

Duration Schedule::next_due(Duration most) const { return timers_.empty() ? most : std::min(most, timers_.top().due); }

}  // namespace kedge
