// Promises: what must hold at every step of every run, whatever happens.
//
//  - No effect without a durable intent: each write carries the mark of an attempt that the ledger holds, durably, as
//    the latest of its step, with the state before.
//  - No effect twice, and no undo: nothing is written again unless a look since the last write said that it is not as
//  it
//    should be, and not while a write without an answer may still arrive.
//  - A pause that was answered stops all writes, or those of its rule; an exception, all beginnings.
//  - No more remediations begin than the budgets allow (start_promises.h).
//  - No more of a fleet is out of service than may be (fleet_promises.h).
//  - What a guard holds begins only with a person's yes; what a rule asks one for, too; and no rule begins on more
//    targets within ten minutes than it may, until a person lets it go on.
//  - What reconcile finds begins only with one too, unless its rule says otherwise; and never, once a person has undone
//    what the claim stands for.
//  - What ends confirmed, or stands isolated, was seen to be right after its last finding was durable.
//  - What ends undone is as it was before the first write, and stays so (undo_promises.h).
//  - What is isolated stays so until its time is over, or a person releases it (lease_promises.h).
//  - An endpoint that fails is left alone, and one writes there at a time (endpoint_promises.h).
//  - In the end all events are decided or dead letters, once each, nothing is stuck, the journal tells of every write,
//    and what an event told of, or reconcile watches, is as it should be, or people were told.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/http.h"
#include "tests/ledger/memory_ledger.h"
#include "tests/simulate/endpoint_promises.h"
#include "tests/simulate/fleet_promises.h"
#include "tests/simulate/lease_promises.h"
#include "tests/simulate/start_promises.h"
#include "tests/simulate/undo_promises.h"

namespace kedge {

inline constexpr int kTargetsOfRule = 3;       // within ten minutes
inline constexpr const char* kAsks = "asked";  // the rule that asks for a person's yes

// How long what a rule isolates stands; none of the others isolates.
inline constexpr const char* kIsolates = "door";
inline constexpr const char* kIsolatesForLonger = "room";
inline constexpr const char* kIsolatingTargets = "value:j";
inline constexpr const char* kDoor = "i0";  // what they isolate
Duration lease_of_rule(const std::string& rule);

class Promises {
 public:
  // `value`: of a name in the world, as it is.
  Promises(Clock& clock, std::function<std::string(const std::string& name)> value);

  // ---- what happens
  void allow(const BudgetLimits& budgets) { starts_.allow(budgets); }
  void watch_fleet() { fleet_.watch(); }
  // A call of an endpoint begins, and ends; `bad`: it says that the endpoint is in trouble.
  uint64_t calls(const std::string& endpoint) { return endpoints_.calls(endpoint); }
  void answered(uint64_t call, bool bad) { endpoints_.answered(call, bad); }
  void gave_up(uint64_t call) { endpoints_.gave_up(call); }
  void engine_died() { endpoints_.engine_died(); }
  // A write is about to leave the engine; `durable` is the ledger as it would be found after a crash.
  void writes(const HttpRequest&, uint64_t call, MemoryLedger& durable, bool on_its_way);
  void written(const std::string& name, const std::string& mark) {
    looked_.erase(name);
    marks_.insert({mark, name});
    fleet_.written(mark);
  }
  // An answered write of it is delivered once more, at the latest then.
  void comes_again(const std::string& name, Duration until) { undo_.comes_again(name, until); }
  // A look that began when the journal's head was `head`.
  void looked(const std::string& name, const std::string& value, int64_t head);
  // Whose look it was, and how often somebody else had changed it when it began.
  uint64_t changes_of(const std::string& name) const { return undo_.changes_of(name); }
  void seen_for(const std::string& remediation, const std::string& name, uint64_t changes) {
    undo_.seen_for(remediation, name, changes);
  }
  // Somebody else is about to change a value.
  void changes(const std::string& name);
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

  // Remediations, in the order in which they began.
  const std::vector<std::string>& begun() const { return begun_; }

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
  void started(const Remediation&, MemoryLedger& durable);
  void began(const Remediation&, MemoryLedger& durable);
  void began_among_few(const Remediation&);
  void began_by_reconcile(const Remediation&);
  void concluded(const Conclude&, const Remediation&);
  void moved(const MoveRemediation&, const Remediation&, bool went);
  void moved_by_person(const PersonalMove&, const Remediation&, int64_t head);
  void seen_to_be_right(const Remediation&);
  void ended_settled(MemoryLedger& durable, const std::set<std::string>& unsettled,
                     const std::function<bool(const std::string& target)>& right);
  void ended_decided(MemoryLedger& durable);

  Clock& clock_;
  EndpointPromises endpoints_;
  StartPromises starts_;
  FleetPromises fleet_;
  UndoPromises undo_;
  LeasePromises leases_;
  const std::function<std::string(const std::string&)> value_;
  bool paused_ = false;
  bool clock_doubted_ = false;
  std::set<std::string> paused_rules_, excepted_, approved_;
  std::set<std::string> let_go_;               // rules whose mass match a person has ended, or may have
  std::map<std::string, std::string> held_;    // remediations that a guard holds until a person says so, and the guard
  std::map<std::string, std::string> events_;  // by id, the target
  std::set<int64_t> poison_;
  std::map<std::string, std::set<std::string>> looked_;            // by name: what was seen since it was written last
  std::map<std::pair<std::string, std::string>, int64_t> undone_;  // by rule and target: the record of a person's undo
  // By name and value: the head when the latest look that saw it began.
  std::map<std::pair<std::string, std::string>, int64_t> seen_since_;
  std::map<std::string, std::string> marks_;  // of writes, and what they wrote
  std::vector<std::string> begun_;
  std::set<std::string> releasing_;                                   // remediations
  std::map<std::pair<std::string, std::string>, Duration> begun_on_;  // rule and target
  std::vector<std::string> broken_;
};

}  // namespace kedge
