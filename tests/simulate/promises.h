// Promises: what must hold at every step of every run, whatever happens.
//
//  - No effect without a durable intent: each write carries the mark of an attempt that the ledger holds, durably, as
//  the
//    latest of its step, with the state before.
//  - No effect twice: nothing is written again unless a look since the last write said that it is not as it should be,
//    and not while a write without an answer may still arrive.
//  - A pause that was answered stops all writes, or those of its rule; an exception, all beginnings.
//  - Within a minute no more remediations begin than are allowed, and within five no more of one rule, across restarts
//    and clocks that jump.
//  - What a guard holds begins only with a person's yes; what a rule asks one for, too; and no rule begins on more
//    targets within ten minutes than it may, until a person lets it go on.
//  - What reconcile finds begins only with one too, unless its rule says otherwise; and never, once a person has undone
//    what the claim stands for.
//  - What ends confirmed was seen to be right after its last finding was durable.
//  - An endpoint of which three calls in a row failed, or half of the last ten, is left alone for a while, and then
//    called by one at a time until it answers.
//  - In the end all events are decided or dead letters, once each, nothing is stuck, the journal tells of every write,
//    and what an event told of, or reconcile watches, is as it should be, or people were told.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/http.h"
#include "tests/ledger/memory_ledger.h"

namespace kedge {

inline constexpr int kStartsPerMinute = 3;
inline constexpr int kStartsOfRule = 5;        // within five minutes
inline constexpr int kTargetsOfRule = 3;       // within ten minutes
inline constexpr const char* kAsks = "asked";  // the rule that asks for a person's yes

class Promises {
 public:
  explicit Promises(Clock& clock) : clock_(clock) {}

  // ---- what happens
  // A write is about to leave the engine; `durable` is the ledger as it would be found after a crash.
  void writes(const HttpRequest&, uint64_t call, MemoryLedger& durable, bool on_its_way);
  void written(const std::string& name, const std::string& mark) {
    looked_wrong_.erase(name), marks_.insert({mark, name});
  }
  // A look that began when the journal's head was `head`.
  void looked(const std::string& name, bool right, int64_t head);
  // A call of the endpoint begins, and ends; `bad`: it says that the endpoint is in trouble. An engine that dies
  // forgets what it knew.
  uint64_t calls();
  void answered(uint64_t call, bool bad);
  void engine_died() {
    endpoint_ = Endpoint();
    writing_.clear();
  }
  // A change of the ledger is durable.
  void committed(const Change&, const Answer&, MemoryLedger& durable);
  void paused(bool now) { paused_ = now; }
  void paused_rule(const std::string& rule) { paused_rules_.insert(rule); }
  void clock_doubted(bool now) { clock_doubted_ = now; }
  void excepted(const std::string& target) { excepted_.insert(target); }
  void approved(const std::string& remediation) { approved_.insert(remediation); }
  // Its pause ends; what a mass match of the rule holds may begin, and what it finds from now on is counted anew.
  void let_go(const std::string& rule) {
    paused_rules_.erase(rule);
    let_go_.insert(rule);
    std::erase_if(begun_on_, [&](const auto& one) { return one.first.first == rule; });
  }
  void told(const std::string& event, const std::string& target) { events_.emplace(event, target); }
  void poisoned(int64_t offset) { poison_.insert(offset); }

  // ---- the end
  // `right`: whether the value behind a target is as it should be.
  void ended(MemoryLedger& durable, int64_t log_end, const std::function<bool(const std::string& target)>& right);

  // ---- what was broken
  void expect(bool holds, const std::string& promise) {
    if (!holds && broken_.size() < 5) broken_.push_back(promise);
  }
  // In words; empty: nothing.
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  void began(const Remediation&);
  void began_within_budgets(const std::string& rule);
  void began_among_few(const Remediation&);
  void began_by_reconcile(const Remediation&);
  void confirmed(const Remediation&);
  void ended_decided(MemoryLedger& durable);

  // The one endpoint that there is, as the engine must know it.
  struct Endpoint {
    std::deque<bool> failed;          // since it last answered a probe
    std::set<uint64_t> on_their_way;  // calls that count
    std::optional<Duration> shut_at;  // none: it may be called
    std::optional<uint64_t> probe;    // shut: the one call that is made to see
    bool fails() const;
  };

  Clock& clock_;
  Endpoint endpoint_;
  std::set<uint64_t> writing_;  // calls of this life that have no answer yet
  uint64_t calls_ = 0;
  bool paused_ = false;
  bool clock_doubted_ = false;
  std::set<std::string> paused_rules_, excepted_, approved_;
  std::set<std::string> let_go_;               // rules whose mass match a person has ended, or may have
  std::map<std::string, std::string> held_;    // remediations that a guard holds until a person says so, and the guard
  std::map<std::string, std::string> events_;  // by id, the target
  std::set<int64_t> poison_;
  std::set<std::string> looked_wrong_;
  std::map<std::pair<std::string, std::string>, int64_t> undone_;  // by rule and target: the record of a person's undo
  std::map<std::string, int64_t> right_since_;  // by name: the head when the latest look at what was right began
  std::map<std::string, std::string> marks_;    // of writes, and what they wrote
  std::set<std::string> begun_;
  std::deque<std::pair<Duration, std::string>> begun_at_;             // and the rule; of five minutes
  std::map<std::pair<std::string, std::string>, Duration> begun_on_;  // rule and target
  std::vector<std::string> broken_;
};

}  // namespace kedge
