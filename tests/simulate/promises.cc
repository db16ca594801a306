#include "tests/simulate/promises.h"

#include <algorithm>
#include <chrono>

#include "base/json.h"
#include "guard/admission.h"
#include "guard/gate.h"
#include "ledger/claim.h"

namespace kedge {
namespace {

constexpr Duration kLeftAlone = std::chrono::seconds(15);  // half of the shortest span of a breaker
// An action may think for so long before its first request: it was let through before the endpoint was shut.
constexpr Duration kThinks = std::chrono::milliseconds(100);
constexpr int64_t kRecordsMax = 2000;  // of one run: ten times what most have

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

}  // namespace

void Promises::writes(const HttpRequest& request, uint64_t call, MemoryLedger& durable, bool on_its_way) {
  const std::string name = name_of(request);
  const std::string mark = mark_in_agent(request.headers.at(0).value);
  const std::vector<Remediation> open = *durable.open_remediations();
  const auto of_mark = std::find_if(open.begin(), open.end(),
                                    [&](const Remediation& one) { return latest_with_mark(one, mark) != nullptr; });
  expect(writing_.empty(), "two write at one endpoint at once");
  writing_.insert(call);
  expect(of_mark != open.end(), "a write of " + name + " has no durable attempt");
  expect(!paused_, "a write of " + name + " while effects are paused");
  expect(!clock_doubted_, "a write of " + name + " while the wall clock is in doubt");
  expect(!on_its_way, "a write of " + name + " while the one before may still arrive");
  if (of_mark == open.end()) return;
  const std::string& rule = of_mark->plan.rule.id;
  expect(!paused_rules_.contains(rule), "a write of " + name + " while its rule " + rule + " is paused");
  expect(latest_with_mark(*of_mark, mark)->before.has_value(),
         "a write of " + name + " whose state before is not kept");
  expect(of_mark->state == State::running || of_mark->state == State::unknown || of_mark->state == State::undoing,
         "a write of " + name + " by a remediation that is " + std::string(to_string(of_mark->state)));
  if (of_mark->state != State::undoing) {
    expect(looked_wrong_.contains(name), "a second write of " + name + " without a look that asked for it");
  }
}

bool Promises::Endpoint::fails() const {
  const size_t n = failed.size();
  const auto last = [&](size_t count) {
    return std::count(failed.end() - static_cast<ptrdiff_t>(count), failed.end(), true);
  };
  return n >= 3 && failed.back() && (last(3) == 3 || last(std::min<size_t>(n, 10)) >= 5);
}

uint64_t Promises::calls() {
  ++calls_;
  if (endpoint_.shut_at && clock_.elapsed() - *endpoint_.shut_at <= kThinks) return calls_;
  if (endpoint_.shut_at) {
    expect(clock_.elapsed() - *endpoint_.shut_at >= kLeftAlone, "an endpoint that fails is called again at once");
    expect(!endpoint_.probe, "two calls at once are made to see whether an endpoint answers again");
    endpoint_.probe = calls_;
  } else {
    endpoint_.on_their_way.insert(calls_);
  }
  return calls_;
}

void Promises::answered(uint64_t call, bool bad) {
  writing_.erase(call);
  if (endpoint_.probe == call) {
    endpoint_.probe.reset();
    if (bad) endpoint_.shut_at = clock_.elapsed();
    if (!bad) endpoint_ = Endpoint();
  } else if (endpoint_.on_their_way.erase(call) > 0) {
    endpoint_.failed.push_back(bad);
    if (!endpoint_.fails()) return;
    endpoint_.shut_at = clock_.elapsed();
    endpoint_.on_their_way.clear();
  }
}

void Promises::looked(const std::string& name, bool right, int64_t head) {
  if (!right) {
    looked_wrong_.insert(name);
    return;
  }
  int64_t& since = right_since_[name];
  since = std::max(since, head);
}

void Promises::committed(const Change& change, const Answer& answer, MemoryLedger& durable) {
  expect(durable.head() < kRecordsMax, "the journal grows without end");
  if (!answer.done()) return;
  const bool went = answer.go && answer.go->go == Go::go;
  if (const auto* start = std::get_if<Start>(&change)) {
    const auto remediation = durable.remediation(start->remediation);
    if (remediation && went) began(*remediation);
    if (answer.go && answer.go->go == Go::held && !lets_go_by_itself(answer.go->guard)) {
      held_[start->remediation] = answer.go->guard;
    }
  }
  if (const auto* word = std::get_if<PersonalMove>(&change); word != nullptr && word->move == Move::undo) {
    const auto remediation = durable.remediation(word->remediation);
    if (remediation) undone_[{remediation->plan.rule.id, remediation->plan.target}] = durable.head();
  }
  if (const auto* end = std::get_if<Conclude>(&change); end != nullptr && end->move == Move::confirm && went) {
    const auto remediation = durable.remediation(end->remediation);
    if (remediation) confirmed(*remediation);
  }
}

void Promises::began(const Remediation& remediation) {
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
  if (!begun_.insert(remediation.id).second) return;
  if (is_by_reconcile(remediation)) began_by_reconcile(remediation);
  if (approved) return;
  began_within_budgets(rule);
  began_among_few(remediation);
}

// Windows are kept by a part of their span: a minute by the second, five by five.
void Promises::began_within_budgets(const std::string& rule) {
  using std::chrono::seconds;
  const Duration now = clock_.elapsed();
  while (!begun_at_.empty() && begun_at_.front().first <= now - seconds(294)) begun_at_.pop_front();
  const auto lately =
      std::count_if(begun_at_.begin(), begun_at_.end(), [&](const auto& one) { return one.first > now - seconds(58); });
  const auto of_rule =
      std::count_if(begun_at_.begin(), begun_at_.end(), [&](const auto& one) { return one.second == rule; });
  expect(lately < kStartsPerMinute, "more remediations began within a minute than are allowed");
  expect(of_rule < kStartsOfRule, "more remediations of " + rule + " began within five minutes than are allowed");
  begun_at_.emplace_back(now, rule);
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

void Promises::confirmed(const Remediation& remediation) {
  if (!is_by_reconcile(remediation)) undone_.erase({remediation.plan.rule.id, remediation.plan.target});
  for (const Step* step : remediation.plan.effects()) {
    const std::string name = step->args.at("name");
    const auto since = right_since_.find(name);
    expect(since != right_since_.end() && since->second >= remediation.last_finding,
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
    const bool waits_for_held = any_held && open.state == State::waiting && open.guard == "locks";
    expect(waits_for_held || (open.state == State::held && open.guard != "pause"),
           "a remediation of " + open.plan.target + " is stuck: " + std::string(to_string(open.state)) + " " +
               open.guard + " " + open.reason);
    unsettled.insert(open.plan.target);
  }
  ended_decided(durable);

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
  for (const std::string& target : targets) {
    const bool is_told = unsettled.contains(target) || (settled.contains(target) && settled[target] > wanted[target]);
    expect(right(target) || is_told, target + " is not as it should be, and nobody was told why");
  }
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
