// What the record that opened a remediation says about all that follow it: of what severity, by whom, for which event.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "trail/trail.h"

namespace kedge {

struct Opening {
  std::string title;
  std::string severity;
  std::string mode;
  std::vector<std::string> references;
  std::string requester;  // the person who asked for it, if one did
  std::string opened;     // when it was decided and written; of a suppression, too
  std::string happened;   // empty: not known

  std::string event_source;
  std::string event_id;
  std::string document;  // the digest of the event's document
  std::string account;
  std::string principal;
  std::string session;
  std::string agent;
  std::string address;
  std::string request_id;

  int64_t isolating = 0;  // so many of the plan's steps isolate: the first ones
  int64_t steps = 0;      // all of them

  bool operator==(const Opening&) const = default;
};

// Of a plan or a suppression (both say the same about what was found).
Opening opening_of(const nlohmann::json& record);

// Whether this record opens a remediation. (A plan that joined an open one tells of another finding.)
bool opens_remediation(const nlohmann::json& record);

// Finds the openings of the remediations that a walk through the trail, from old to new, meets. Keeps those that were
// used last, and of a number of them where their records stand. Of one thread; borrows the trail.
class Openings {
 public:
  struct Limits {
    size_t openings = 20'000;   // kept whole: some 20 MB
    size_t places = 1'000'000;  // known by number: some 100 MB. Beyond it they are looked for anew
  };

  explicit Openings(const Trail& trail) : Openings(trail, Limits()) {}
  Openings(const Trail& trail, const Limits& limits) : trail_(trail), limits_(limits) {}

  // The walk has come to this record.
  void pass(const JournalEntry& entry);

  // Of a remediation that opened before the walk began, the record is looked for where its id says that it was made.
  // nullptr: it is not there, or not kept any more. Valid until the next call.
  Result<const Opening*> of(const std::string& remediation);

 private:
  using Kept = std::pair<std::string, std::optional<Opening>>;

  // Whether it had to forget all others first.
  bool note_place(const JournalEntry& entry);
  Result<void> look_around(const std::string& remediation, Time made);
  Result<std::optional<Opening>> read(const std::string& remediation);
  const Opening* keep(const std::string& remediation, std::optional<Opening> opening);
  void have_looked(int64_t begin, int64_t end);

  const Trail& trail_;
  const Limits limits_;
  std::list<Kept> kept_;  // the one used last first
  std::unordered_map<std::string, std::list<Kept>::iterator> by_id_;
  std::unordered_map<std::string, int64_t> places_;  // the number of the record that opened it
  std::map<int64_t, int64_t> looked_;  // ranges of numbers, [first, second), of which all openings are in places_
};

}  // namespace kedge
