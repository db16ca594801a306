#include "tests/simulate/promises.h"

#include <algorithm>
#include <chrono>

#include "base/json.h"
#include "guard/admission.h"
#include "guard/gate.h"
#include "ledger/claim.h"

namespace kedge {
namespace {

constexpr Duration kMostLate = std::chrono::minutes(1);  // of what ends by itself at a time
constexpr int64_t kRecordsMax = 2000;                    // of one run: ten times what most have

std::string name_of(const HttpRequest& request) { return request.url.substr(request.url.rfind('/') + 1); }

const StepProgress* latest_with_mark(const Remediation& remediation, const std::string& mark) {
  for (const StepProgress& step : remediation.steps) {
    if (!mark.empty() && step.mark == mark) return &step;
  }
  return nullptr;
}

// These let go what they hold without a person who names it: when the pause ends, or the rule is back.
bool lets_go_by_itself(const std::string& guard) { return guard == "pause" || guard == "rule"; }

bool is_by_reconcile(const Remediation& remediation) { return remediation.event.source == "kedge.reconcile"; }

bool may_write(State state) {
  return state == State::running || state == State::unknown || state == State::undoing || state == State::releasing;
}

}  // namespace

Duration lease_of_rule(const std::string& rule) {
  return rule == kIsolatesForLonger ? std::chrono::minutes(2) : std::chrono::minutes(1);
}

Promises::Promises(Clock& clock, std::function<std::string(const std::string& name)> value)
    : clock_(clock),
      endpoints_(clock, [this](bool holds, const std::string& promise) { expect(holds, promise); }),
      starts_(clock, [this](bool holds, const std::string& promise) { expect(holds, promise); }),
      fleet_(clock, [this](bool holds, const std::string& promise) { expect(holds, promise); }),
      undo_(
          clock, [this](bool holds, const std::string& promise) { expect(holds, promise); }, value),
      leases_(
          clock, [this](bool holds, const std::string& promise) { expect(holds, promise); }, value),
      value_(std::move(value)) {}

void Promises::writes(const HttpRequest& request, uint64_t call, MemoryLedger& durable, bool on_its_way) {
  const std::string name = name_of(request);
  const std::string mark = mark_in_agent(request.headers.at(0).value);
  const std::vector<Remediation> open = *durable.open_remediations();
  const auto of_mark = std::find_if(open.begin(), open.end(),
                                    [&](const Remediation& one) { return latest_with_mark(one, mark) != nullptr; });
  endpoints_.writes(call, of_mark != open.end() && !of_mark->plan.isolate.empty());
  undo_.writes(name);
  leases_.writes(name, request.body);
  if (of_mark != open.end()) fleet_.writes(of_mark->id, mark);
  expect(of_mark != open.end(), "a write of " + name + " has no durable attempt");
  expect(!paused_, "a write of " + name + " while effects are paused");
  expect(!clock_doubted_, "a write of " + name + " while the wall clock is in doubt");
  expect(!on_its_way, "a write of " + name + " while the one before may still arrive");
  if (of_mark == open.end()) return;
  const std::string& rule = of_mark->plan.rule.id;
  expect(!paused_rules_.contains(rule), "a write of " + name + " while its rule " + rule + " is paused");
  expect(latest_with_mark(*of_mark, mark)->before.has_value(),
         "a write of " + name + " whose state before is not kept");
  expect(may_write(of_mark->state),
         "a write of " + name + " by a remediation that is " + std::string(to_string(of_mark->state)));
  const std::set<std::string>& seen = looked_[name];
  expect(seen.size() > seen.count(request.body), "a second write of " + name + " without a look that asked for it");
}

void Promises::looked(const std::string& name, const std::string& value, int64_t head) {
  looked_[name].insert(value);
  int64_t& since = seen_since_[{name, value}];
  since = std::max(since, head);
  leases_.check();
}

void Promises::changes(const std::string& name) {
  undo_.changes(name);
  leases_.changes(name);
}

void Promises::committed(const Change& change, const Answer& answer, MemoryLedger& durable) {
  expect(durable.head() < kRecordsMax, "the journal grows without end");
  leases_.check();
  if (!answer.done()) return;
  const bool went = !answer.go || answer.go->go == Go::go;
  const auto about = [&](const std::string& id) { return durable.remediation(id); };
  if (const auto* start = std::get_if<Start>(&change)) {
    if (const auto remediation = about(start->remediation); remediation && went) started(*remediation, durable);
    if (answer.go && answer.go->go == Go::held && !lets_go_by_itself(answer.go->guard)) {
      held_[start->remediation] = answer.go->guard;
    }
  }
  if (const auto* end = std::get_if<Conclude>(&change)) {
    if (const auto remediation = about(end->remediation); remediation && went) concluded(*end, *remediation);
  }
  if (const auto* move = std::get_if<MoveRemediation>(&change)) {
    if (const auto remediation = about(move->remediation); remediation) moved(*move, *remediation, went);
  }
  if (const auto* word = std::get_if<PersonalMove>(&change)) {
    if (const auto remediation = about(word->remediation)) moved_by_person(*word, *remediation, durable.head());
  }
  if (const auto* end = std::get_if<RecordOutcome>(&change); end != nullptr && end->move == Move::hold) {
    releasing_.erase(end->remediation);
  }
}

void Promises::started(const Remediation& remediation, MemoryLedger& durable) {
  undo_.began(remediation);
  began(remediation, durable);
}

void Promises::began(const Remediation& remediation, MemoryLedger& durable) {
  const std::string& target = remediation.plan.target;
  expect(!excepted_.contains(target), "a remediation of " + target + " began, which is excepted");
  const bool approved = approved_.contains(remediation.id);
  const bool stale =
      remediation.times.happened && remediation.times.decided - *remediation.times.happened > std::chrono::minutes(15);
  expect(!stale || approved, "a remediation of " + target + " for a stale event began without anybody's yes");
  const std::string& rule = remediation.plan.rule.id;
  const auto held = held_.find(remediation.id);
  expect(held == held_.end() || approved || (held->second == kMassMatch && let_go_.contains(rule)),
         "a remediation of " + target + " began without anybody's yes" +
             (held == held_.end() ? "" : ", and the guard " + held->second + " holds it"));
  expect(rule != kAsks || approved, "a remediation of " + target + " began without the yes that its rule asks for");
  if (std::find(begun_.begin(), begun_.end(), remediation.id) != begun_.end()) return;
  begun_.push_back(remediation.id);
  if (is_by_reconcile(remediation)) began_by_reconcile(remediation);
  fleet_.began(remediation, approved, durable);
  if (approved) return;
  starts_.began(remediation.plan);
  began_among_few(remediation);
}

void Promises::began_among_few(const Remediation& remediation) {
  const std::string& rule = remediation.plan.rule.id;
  const Duration now = clock_.elapsed();
  if (held_.contains(remediation.id)) return;
  begun_on_[{rule, remediation.plan.target}] = now;
  const auto targets = std::count_if(begun_on_.begin(), begun_on_.end(), [&](const auto& one) {
    return one.first.first == rule && one.second > now - std::chrono::seconds(598);
  });
  expect(targets <= kTargetsOfRule, rule + " began on more targets within ten minutes than it may");
}

void Promises::began_by_reconcile(const Remediation& remediation) {
  const std::string& target = remediation.plan.target;
  expect(remediation.policy.reconcile == Reconcile::enforce || approved_.contains(remediation.id),
         "reconcile put " + target + " right without anybody's yes, though its rule says hold");
  const auto undone = undone_.find({remediation.plan.rule.id, target});
  expect(undone == undone_.end() || remediation.last_finding < undone->second,
         "reconcile found that " + target + " has drifted where a person has undone what was confirmed");
}

void Promises::concluded(const Conclude& end, const Remediation& remediation) {
  if (end.move == Move::finish_undo) return undo_.undone(remediation);
  if (end.move == Move::confirm && releasing_.erase(remediation.id) > 0) return undo_.released(remediation);
  if (end.move == Move::confirm && !is_by_reconcile(remediation)) {
    undone_.erase({remediation.plan.rule.id, remediation.plan.target});
  }
  if (end.move == Move::confirm || end.move == Move::isolate) seen_to_be_right(remediation);
  if (end.move != Move::isolate) return;
  leases_.isolated(remediation, lease_of_rule(remediation.plan.rule.id));
  for (const Step& step : remediation.plan.isolate) {
    const std::string name = step.args.at("name");
    if (undo_.changed_unseen(remediation.id, name)) leases_.changes(name);
  }
}

void Promises::moved(const MoveRemediation& move, const Remediation& remediation, bool went) {
  if (move.move == Move::hold) releasing_.erase(remediation.id);
  if (move.move != Move::release || !went) return;
  leases_.released(remediation);
  releasing_.insert(remediation.id);
}

void Promises::moved_by_person(const PersonalMove& word, const Remediation& remediation, int64_t head) {
  if (word.move == Move::undo) undone_[{remediation.plan.rule.id, remediation.plan.target}] = head;
  if (word.move == Move::undo || word.move == Move::release) leases_.ended_by_person(remediation);
  if (word.move == Move::undo) releasing_.erase(remediation.id);
  if (word.move == Move::release) releasing_.insert(remediation.id);
}

void Promises::seen_to_be_right(const Remediation& remediation) {
  for (const Step* step : remediation.plan.effects()) {
    const std::string name = step->args.at("name");
    const auto since = seen_since_.find({name, step->args.at("value").get<std::string>()});
    expect(since != seen_since_.end() && since->second >= remediation.last_finding,
           "a remediation ended confirmed, and " + name + " was not seen to be right since its last finding");
  }
}

void Promises::ended(MemoryLedger& durable, int64_t log_end, const std::function<bool(const std::string&)>& right) {
  const auto positions = durable.positions();
  expect(!positions->empty() && positions->at(0).position.next == log_end, "not all of the log was read");
  std::set<std::string> unsettled;
  const std::vector<Remediation> left = *durable.open_remediations();
  const bool any_held =
      std::any_of(left.begin(), left.end(), [](const auto& open) { return open.state == State::held; });
  for (const Remediation& open : left) {
    const bool waits = open.state == State::isolated || (open.state == State::waiting && open.guard == "locks");
    expect((any_held && waits) || (open.state == State::held && open.guard != "pause"),
           "a remediation of " + open.plan.target + " is stuck: " + std::string(to_string(open.state)) + " " +
               open.guard + " " + open.reason);
    expect(open.state != State::held || !open.due || durable.now() - *open.due < kMostLate,
           "what is held of " + open.plan.target + " did not end in its time");
    unsettled.insert(open.plan.target);
  }
  ended_decided(durable);
  ended_settled(durable, unsettled, right);
  undo_.ended();
}

void Promises::ended_settled(MemoryLedger& durable, const std::set<std::string>& unsettled,
                             const std::function<bool(const std::string&)>& right) {
  std::set<std::string> journal_marks;
  std::map<std::string, int64_t> wanted, settled;  // by target: the record of the last that was found, and of its end
  for (const JournalEntry& entry : *durable.journal(0, SIZE_MAX)) {
    const Json record = *parse_json(entry.bytes);
    const std::string kind = record.at("kind");
    if (kind == "attempt") journal_marks.insert(record.at("mark").get<std::string>());
    const std::string to = record.value("to", "");
    const bool settles = kind == "suppression" || to == "failed" || to == "refused" || to == "cancelled" ||
                         to == "unconfirmed" || to == "undone" || to == "undoing" || to == "expired";
    if (!record.contains("target")) continue;
    if (kind == "plan") wanted[record.at("target")] = entry.seq;
    if (settles) settled[record.at("target")] = entry.seq;
  }
  for (const auto& [mark, name] : marks_) {
    expect(journal_marks.contains(mark), "the journal does not tell of a write of " + name);
  }
  std::set<std::string> targets;
  for (const auto& [event, target] : events_) targets.insert(target);
  const auto claims = durable.claims({}, kDialPoints, SIZE_MAX);
  for (const Claim& claim : *claims) targets.insert(claim.plan.target);
  const auto is_told = [&](const std::string& target) {
    return unsettled.contains(target) || (settled.contains(target) && settled[target] > wanted[target]);
  };
  for (const std::string& target : targets) {
    expect(right(target) || is_told(target), target + " is not as it should be, and nobody was told why");
  }
  // One that failed behind its isolation leaves it standing, and said so, whatever came of the target later.
  const bool told_of_isolation = std::any_of(targets.begin(), targets.end(), [&](const std::string& target) {
    return target.starts_with(kIsolatingTargets) && (unsettled.contains(target) || settled.contains(target));
  });
  expect(value_(kDoor) != kIsolated || told_of_isolation, "something is isolated still, and nobody was told why");
}

// Each event once, by each rule that wants it; each that cannot be decoded, as a dead letter.
void Promises::ended_decided(MemoryLedger& durable) {
  std::map<std::pair<std::string, std::string>, int> decided;  // event and rule
  std::set<std::string> events;
  for (const JournalEntry& entry : *durable.journal(0, SIZE_MAX)) {
    const Json record = *parse_json(entry.bytes);
    const std::string kind = record.at("kind");
    if ((kind != "plan" && kind != "suppression") || !record.contains("event")) continue;
    const std::string event = record.at("event").at("id");
    events.insert(event);
    if (++decided[{event, record.at("rule").at("id")}] == 2) expect(false, "event " + event + " was decided twice");
  }
  for (const auto& [event, target] : events_) expect(events.contains(event), "event " + event + " was not decided");
  std::set<int64_t> letters;
  for (const DeadLetter& letter : *durable.dead_letters({})) {
    expect(letters.insert(letter.offset).second,
           "the record at " + std::to_string(letter.offset) + " is a dead letter twice");
  }
  for (const int64_t offset : poison_) {
    expect(letters.contains(offset), "the record at " + std::to_string(offset) + " is no dead letter");
  }
}

}  // namespace kedge
