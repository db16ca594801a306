// Schedule: whose turn it is. The data of whichever worker leads (executor.h); it has no thread, lock or clock itself.
//
// A job is in one place: ready (by endpoint, in the order of arrival), timed (in the heap), or out with a worker. A
// ready job goes out when its endpoint has a free place and no other job that is out touches one of its keys. Endpoints
// take turns, so that one with many jobs does not starve the others.
//
// Isolation waits for nobody who hangs: a job that isolates goes before others, each endpoint has one place more for
// it, and so many workers as all others may not have.
//
// One that is about to write and found no place to do so (write_places.h) goes out when it has one, before any that is
// not as far. While enough of them wait at an endpoint to keep its writer busy, no further one is begun there: what it
// saw would be old before its turn, and what it holds lies in memory until then.
//
// Much may be open: beyond `courses_max` courses, one that is not begun is dropped. What is then to be known of its job
// lies in memory of the schedule's own, side by side with others like it: among what comes and goes each would keep a
// page of its own from being given back.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "remediate/course.h"
#include "remediate/write_places.h"

namespace kedge {

// The endpoint of jobs of which no more is known than the id: they are read from the ledger there.
inline constexpr const char* kLedgerEndpoint = "ledger";

// What steps touch, for telling whether two touch the same: there may be tens of thousands of jobs, so that what each
// takes counts. Where two differ and have one hash, one of them waits for the other.
using KeyHash = size_t;
inline KeyHash hash_of_key(const std::string& key) { return std::hash<std::string>()(key); }

struct Job {
  std::string id;                   // of the remediation
  std::unique_ptr<Course> course;   // null: one is begun from what the ledger holds when it goes out
  bool begun = false;               // the course knows more than the ledger does
  bool resumed = false;             // it was open when the engine started
  std::string endpoint;             // where its next call goes
  std::string endpoint_held;        // where it has a place while it is out
  std::vector<KeyHash> keys;        // that its steps touch
  std::vector<KeyHash> keys_held;   // those that are its own while it is out
  bool isolates = false;            // goes before others
  bool reread = false;              // the ledger may hold something newer than the course believes
  std::string writes_at;            // the endpoint where it has the place of one that writes while it is out
  std::optional<Duration> put_off;  // since when (Clock::elapsed) it waits for such a place
};

class Schedule {
 public:
  // `others_max`: how many may be out, when one goes out that does not isolate. The places must outlive it.
  explicit Schedule(WritePlaces& write_places, int per_endpoint, size_t courses_max = SIZE_MAX,
                    size_t others_max = SIZE_MAX)
      : write_places_(write_places), per_endpoint_(per_endpoint), courses_max_(courses_max), others_max_(others_max) {}

  bool knows(const std::string& id) const { return jobs_.contains(std::string_view(id)); }

  // A new job, or one that was out and comes back.
  void make_ready(std::unique_ptr<Job>);
  void make_timed(std::unique_ptr<Job>, Duration until);
  void forget(std::unique_ptr<Job>);  // of one that was out: it is over

  // The ledger holds something newer about it: it is to be looked at now, or when it comes back.
  void note_newer(const std::string& id);

  // Moves what is due to the ready ones, then takes out one that can go; null when none can.
  std::unique_ptr<Job> take(Duration elapsed);
  // When the next timer is due; `most` when there is none before.
  Duration next_due(Duration most) const;

  size_t size() const { return jobs_.size(); }
  size_t out() const { return out_; }
  size_t timed() const { return timed_; }

 private:
  static constexpr size_t kPutOffMost = 16;  // at an endpoint
  enum class Place { ready, timed, out };
  struct Entry {
    using allocator_type = std::pmr::polymorphic_allocator<>;
    explicit Entry(allocator_type memory) : keys(memory) {}

    Place place = Place::ready;
    bool newer = false;     // out: something newer came meanwhile
    bool to_write = false;  // it waits for a place to do so
    bool isolates = false;
    bool resumed = false;
    bool reread = false;
    uint64_t timer = 0;  // timed: which entry of the heap counts
    const std::string* endpoint = nullptr;
    std::pmr::vector<KeyHash> keys;
    std::unique_ptr<Job> job;  // null: it is out, or has no course
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Jobs = std::pmr::unordered_map<std::pmr::string, Entry, Hash, std::equal_to<>>;
  using Node = Jobs::value_type;  // stays where it is
  struct Queue {                  // the ready ones of an endpoint, those that isolate first
    std::deque<Node*> to_write;
    std::deque<Node*> others;
    bool empty() const { return to_write.empty() && others.empty(); }
  };
  struct Timer {
    Duration due;
    uint64_t number;
    std::pmr::string id;
    bool operator>(const Timer& other) const { return due != other.due ? due > other.due : number > other.number; }
  };

  Node& node_of(const std::string& id);
  bool comes_back(Job&);
  void keep(Entry&, std::unique_ptr<Job>);
  void put_ready(Node&);
  bool keys_are_free(const Entry&) const;
  bool may_write(Entry&);
  Node* next_to_go(const std::string& endpoint, Queue&);
  Node* first_of(std::deque<Node*>& queue, bool others_may);
  void wake_due(Duration elapsed);
  std::unique_ptr<Job> take_from(const std::string& endpoint, Queue&);
  std::unique_ptr<Job> take_out(Node&);

  WritePlaces& write_places_;
  const int per_endpoint_;
  const size_t courses_max_;
  const size_t others_max_;
  std::pmr::unsynchronized_pool_resource memory_;
  Jobs jobs_{&memory_};
  std::set<std::string> endpoints_;
  std::map<std::string, Queue> ready_;  // by endpoint
  std::string last_endpoint_;           // the one that was served last
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  uint64_t next_timer_ = 1;
  std::set<KeyHash> busy_keys_;
  std::map<std::string, int> places_taken_;
  size_t courses_ = 0;  // of the jobs that are not out
  size_t out_ = 0;
  size_t timed_ = 0;
};

}  // namespace kedge
