// The one place in which a thread of the engine waits.
//
// A Mailbox is a queue between loops: bounded by what its items weigh, always admitting one item so that a large one
// cannot lock it, closable. Every wait in the engine (for work, for an answer, for a timer, for room) is a call of one
// of its methods or of Reply::get, so that a simulation can decide here who runs next.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/baton.h"
#include "base/time.h"

namespace kedge {

// Threads that wait for something that a mutex guards. Where they take turns, the baton says who goes on, and when.
class Waiters {
 public:
  template <class Ready>
  void wait(std::unique_lock<std::mutex>& lock, const Ready& ready) {
    if (Baton::mine() == nullptr) return condition_.wait(lock, ready);
    while (!ready()) hand_on(lock, std::chrono::hours(24));
  }

  // Whether it is ready.
  template <class Ready>
  bool wait_for(std::unique_lock<std::mutex>& lock, Duration timeout, const Ready& ready) {
    Baton* const baton = Baton::mine();
    if (baton == nullptr) return condition_.wait_for(lock, timeout, ready);
    const Duration begin = baton->elapsed();
    for (Duration left = timeout; !ready() && left > Duration{0}; left = timeout - (baton->elapsed() - begin)) {
      hand_on(lock, left);
    }
    return ready();
  }

  void notify_one() {
    if (Baton* const baton = Baton::mine()) return baton->wake(this);
    condition_.notify_one();
  }
  void notify_all() {
    if (Baton* const baton = Baton::mine()) return baton->wake(this);
    condition_.notify_all();
  }

 private:
  void hand_on(std::unique_lock<std::mutex>& lock, Duration timeout) {
    lock.unlock();
    Baton::mine()->wait(this, timeout);
    lock.lock();
  }

  std::condition_variable condition_;
};

// Any number of threads may put and take. T is moved in and out.
template <class T>
class Mailbox {
 public:
  // `weight_max`: what all waiting items together may weigh (bytes, or items where each weighs 1).
  explicit Mailbox(size_t weight_max) : weight_max_(weight_max) {}

  // Waits for room. False when the mailbox is closed: the item was not taken.
  bool put(T item, size_t weight = 1) {
    Baton::offer();
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [&] { return closed_ || has_room(weight); });
      if (closed_) return false;
      admit(std::move(item), weight);
    }
    items_ready_.notify_one();
    return true;
  }

  // Never waits. False when there is no room or the mailbox is closed; the item is then untouched.
  bool try_put(T&& item, size_t weight = 1) {
    Baton::offer();
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || !has_room(weight)) return false;
      admit(std::move(item), weight);
    }
    items_ready_.notify_one();
    return true;
  }

  // Waits for an item, at most `timeout`. None: nothing came, or the mailbox is closed and empty.
  std::optional<T> take(Duration timeout) {
    Baton::offer();
    std::unique_lock lock(mutex_);
    wait_for_item(lock, timeout);
    if (items_.empty()) return std::nullopt;
    return remove_front();
  }

  // Waits for at least one item, at most `timeout`, then takes all that are there, up to `weight_max` (at least one).
  std::vector<T> take_all(Duration timeout, size_t weight_max = SIZE_MAX) {
    Baton::offer();
    std::unique_lock lock(mutex_);
    wait_for_item(lock, timeout);
    std::vector<T> taken;
    for (size_t weight = 0; !items_.empty() && (taken.empty() || weight + items_.front().second <= weight_max);) {
      weight += items_.front().second;
      taken.push_back(remove_front());
    }
    return taken;
  }

  // Waits for an item, at most `timeout`, and leaves it there.
  void wait(Duration timeout) {
    std::unique_lock lock(mutex_);
    wait_for_item(lock, timeout);
  }

  // Ends one wait for an item early, with nothing taken.
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    items_ready_.notify_all();
  }

  // From now on nothing is admitted; what is inside can still be taken.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    items_ready_.notify_all();
    room_.notify_all();
    closing_.notify_all();
  }

  // Waits until the mailbox is closed, at most `timeout`; true when it is.
  bool wait_closed(Duration timeout) {
    std::unique_lock lock(mutex_);
    return closing_.wait_for(lock, timeout, [&] { return closed_; });
  }

  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

  size_t weight() const {
    const std::lock_guard lock(mutex_);
    return weight_;
  }

  size_t weight_max() const { return weight_max_; }

 private:
  bool has_room(size_t weight) const { return items_.empty() || weight_ + weight <= weight_max_; }

  void admit(T&& item, size_t weight) {
    items_.emplace_back(std::move(item), weight);
    weight_ += weight;
  }

  // Who only wants to look never sleeps: the system would put even a wait of no time to sleep, for 50 microseconds.
  void wait_for_item(std::unique_lock<std::mutex>& lock, Duration timeout) {
    if (timeout > Duration{0}) {
      items_ready_.wait_for(lock, timeout, [&] { return closed_ || woken_ || !items_.empty(); });
    }
    woken_ = false;
  }

  T remove_front() {
    T item = std::move(items_.front().first);
    weight_ -= items_.front().second;
    items_.pop_front();
    room_.notify_all();
    return item;
  }

  // Constant after construction.
  const size_t weight_max_;

  // Guarded by mutex_.
  mutable std::mutex mutex_;
  Waiters items_ready_;
  Waiters room_;
  Waiters closing_;
  std::deque<std::pair<T, size_t>> items_;
  size_t weight_ = 0;
  bool closed_ = false;
  bool woken_ = false;
};

// The answer to something that another loop does: one side keeps a Reply, the other gets the Promise to keep.
template <class T>
class Reply {
 public:
  class Promise {
   public:
    explicit Promise(std::shared_ptr<Mailbox<T>> box) : box_(std::move(box)) {}
    void keep(T value) const { box_->put(std::move(value)); }

   private:
    std::shared_ptr<Mailbox<T>> box_;
  };

  Reply() : box_(std::make_shared<Mailbox<T>>(1)) {}
  Promise promise() const { return Promise(box_); }

  // None when no answer came within `timeout`.
  std::optional<T> get(Duration timeout) { return box_->take(timeout); }

 private:
  std::shared_ptr<Mailbox<T>> box_;
};

}  // namespace kedge
