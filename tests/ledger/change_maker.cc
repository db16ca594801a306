#include "tests/ledger/change_maker.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "ledger/claim.h"

namespace kedge {
namespace {

const PartitionId kPartition{"cloudtrail", "events", 0};
constexpr const char* kOtherRule = "aws.s3.shared-bucket";

RaiseAlarm own_principal_alarm() {
  return {"own-principal", "somebody else uses our credentials", {{"n", 1}}, {"security"}};
}

}  // namespace

Duration ChangeMaker::pause() {
  if (one_in(600)) return std::chrono::hours(24 * below(40));
  if (one_in(40)) return std::chrono::hours(below(30));
  if (one_in(12)) return std::chrono::minutes(below(90));
  return std::chrono::milliseconds(below(15'000));
}

void ChangeMaker::set_wall_clock(Time right) {
  if (one_in(60)) return clock_.set_wall(clock_.now() + std::chrono::seconds(below(20'000)) - std::chrono::hours(2));
  if (one_in(20)) clock_.set_wall(right);
}

Change ChangeMaker::next(LedgerReader& reader) {
  switch (below(20)) {
    case 0:
      return claim(reader);
    case 1:
    case 2:
    case 3:
      return batch(reader);
    case 4:
    case 5:
      return by_a_person(reader);
    case 6:
      return by_the_daemon();
    case 7:
      return by_the_notifier(reader);
    case 8:
      return by_reconcile(reader);
    default:
      return work(reader);
  }
}

// ---- lanes and sources ---------------------------------------------------------------------------------------------

std::string ChangeMaker::target() { return fmt::format("arn:aws:s3:::bucket-{}", below(8)); }

std::string ChangeMaker::mark() {
  marks_.push_back(fmt::format("{:032x}", ++number_));
  return marks_.back();
}

Finding ChangeMaker::finding() {
  const int key = one_in(5) && number_ > 0 ? static_cast<int>(below(number_)) : ++number_;  // some keys come again
  const size_t steps = one_in(12) ? 0 : one_in(6) ? 2 : 1;
  Finding finding = sample_finding(key, target(), clock_.now(), steps);
  finding.remediation = sample_id(++number_);
  remediations_.push_back(finding.remediation);
  if (one_in(4)) finding.plan.rule.id = kOtherRule;
  if (one_in(12)) finding.plan.rule.version = "version-2";
  if (one_in(16)) finding.policy.mode = Mode::canary;
  if (one_in(16)) finding.policy.approvals = one_in(2) ? 1 : 2;
  if (!one_in(3)) finding.policy.reconcile = one_in(2) ? Reconcile::hold : Reconcile::enforce;
  if (one_in(4)) finding.policy.throttle = std::chrono::minutes(1 + below(3));
  if (one_in(24)) finding.policy.window = one_in(3) ? "unknown" : "nights";
  if (one_in(8)) finding.policy.limits.per_minute = 1 + static_cast<int>(below(3));
  if (one_in(12)) finding.policy.limits.flap = 1;
  if (one_in(24)) finding.policy.limits.mass_match = 1 + static_cast<int>(below(6));
  if (one_in(12)) finding.policy.limits.failures_in_a_row = 1;
  if (one_in(12)) finding.policy.limits.approval_within = std::chrono::minutes(1 + below(90));
  if (one_in(12)) finding.policy.limits.stale_after = std::chrono::minutes(below(20));
  if (one_in(20)) finding.origin = "redrive";
  if (one_in(6)) finding.requester = "alice";
  if (one_in(20)) finding.times.happened.reset();
  if (one_in(20)) finding.times.happened = clock_.now() - std::chrono::hours(1);
  if (one_in(10) && steps > 0) finding.plan.isolate = {finding.plan.revert[0]};
  if (one_in(10)) finding.event.agent = std::string(4'000, 'a');
  return finding;
}

Suppression ChangeMaker::suppression() {
  const Finding basis = finding();
  Suppression suppression{basis.key, basis.plan, basis.policy, basis.event, basis.times, "mode", "shadow", {}, {}};
  suppression.figures = {{"mode", "shadow"}};
  suppression.policy.mode = one_in(2) ? Mode::shadow : Mode::canary;
  return suppression;
}

DeadLetter ChangeMaker::dead_letter() {
  DeadLetter letter;
  letter.source = kPartition.source;
  letter.topic = kPartition.topic;
  letter.offset = ++number_;
  letter.reason = one_in(2) ? "not_json" : "rule_failed";
  letter.message = "as it is";
  if (letter.reason == "rule_failed") letter.rule = kSampleRule;
  letter.value = std::string(below(1'500), 'x');
  letter.value_bytes = static_cast<int64_t>(letter.value.size());
  letter.value_digest = sha256(letter.value);
  letter.headers = {{"trace", "AAEC"}};
  return letter;
}

RedriveDeadLetter ChangeMaker::redrive(LedgerReader& reader) {
  RedriveDeadLetter redrive;
  const std::vector<DeadLetter> letters = *reader.dead_letters({});
  redrive.number = letters.empty() || one_in(16) ? 1'000'000 : letters[below(letters.size())].number;
  redrive.actor = "alice";
  redrive.outcome = one_in(3) ? "failed" : "decided";
  if (redrive.outcome == "failed") {
    redrive.failure = RedriveDeadLetter::Failure{"rule_failed", "again", "2"};
    return redrive;
  }
  for (uint64_t n = below(3); n > 0; --n) redrive.decided.findings.push_back(finding());
  for (Finding& finding : redrive.decided.findings) finding.origin = "redrive";
  for (uint64_t n = below(3); n > 0; --n) redrive.decided.suppressions.push_back(suppression());
  for (uint64_t n = below(3); n > 0; --n) redrive.decided.dead_letters.push_back(dead_letter());
  if (one_in(4)) redrive.decided.alarms.push_back(own_principal_alarm());
  if (one_in(2)) redrive.decided.counts.push_back({"cloudtrail", "no-pattern", 1});
  if (one_in(4)) redrive.decided.alarms.push_back(own_principal_alarm());
  return redrive;
}

RerunEvent ChangeMaker::rerun(LedgerReader& reader) {
  RerunEvent rerun;
  if (one_in(2) && !remediations_.empty()) {
    rerun.remediation = remediations_[below(remediations_.size())];
  } else {
    rerun.suppression = static_cast<int64_t>(below(1'000));
  }
  rerun.rule = {kSampleRule, "1"};
  rerun.redrive = *reader.journal_head() + 1;
  rerun.actor = "alice";
  rerun.reason = "the rule enforces now";
  rerun.outcome = one_in(4) ? "failed" : "decided";
  if (rerun.outcome == "failed") {
    rerun.message = "again";
    return rerun;
  }
  if (one_in(2)) rerun.decided.findings.push_back(finding());
  for (Finding& finding : rerun.decided.findings) {
    finding.origin = "redrive";
    finding.redrive = rerun.redrive;
  }
  if (one_in(2)) rerun.decided.suppressions.push_back(suppression());
  for (Suppression& suppression : rerun.decided.suppressions) suppression.redrive = rerun.redrive;
  return rerun;
}

Change ChangeMaker::batch(LedgerReader& reader) {
  CommitBatch batch;
  for (uint64_t n = below(3); n > 0; --n) batch.findings.push_back(finding());
  for (uint64_t n = below(3); n > 0; --n) batch.suppressions.push_back(suppression());
  for (uint64_t n = below(3); n > 0; --n) batch.dead_letters.push_back(dead_letter());
  if (one_in(2)) batch.counts.push_back({"cloudtrail", "no-pattern", static_cast<int64_t>(below(100))});
  if (one_in(8)) batch.alarms.push_back(own_principal_alarm());
  const auto positions = *reader.positions();
  if (!positions.empty() && !one_in(4)) {
    const Position& position = positions[0].position;
    PositionMove move{kPartition, position.epoch, position.next, position.next + static_cast<int64_t>(below(10)), {}};
    if (one_in(8)) --move.epoch;
    if (one_in(8)) ++move.from;
    if (one_in(2)) move.bookmark = Bookmark{move.to - 1, clock_.now(), sha256("record")};
    batch.moves.push_back(move);
    if (one_in(8))
      batch.notes.push_back(NotePosition{kPartition, "poison", {{"next", move.to}}, !one_in(3), "no JSON"});
  }
  return batch;
}

Change ChangeMaker::claim(LedgerReader& reader) {
  const auto positions = *reader.positions();
  if (one_in(4)) {
    return NotePosition{kPartition, "another_log", {{"from", 1}}, one_in(2), "the log is another one"};
  }
  if (one_in(4)) {
    return SeekPosition{kPartition, one_in(8) ? "cluster-2" : "cluster-1", static_cast<int64_t>(below(1'000)), "alice",
                        "read it again"};
  }
  ClaimPositions::Claim claim;
  claim.partition = kPartition;
  claim.wanted.cluster = "cluster-1";
  claim.wanted.next = static_cast<int64_t>(below(1'000));
  if (!positions.empty() && !one_in(5)) {
    claim.found = positions[0].position;
    claim.wanted = positions[0].position;
  }
  if (one_in(2)) claim.note = "gap";
  return ClaimPositions{{claim}, one_in(3) ? "alice" : ""};
}

// ---- the executor --------------------------------------------------------------------------------------------------

Start ChangeMaker::start(const Remediation& r, int64_t head) {
  Start start = sample_start(r.id, r.plan.target, one_in(6) ? head / 2 : head, r.steps.size());
  start.mark = mark();
  if (one_in(3)) start.touches.push_back("iam:role");
  if (one_in(10)) start.touches.clear();
  start.step = below(r.steps.size());
  for (size_t i = 0; i < start.step; ++i) start.befores[i].holds = true;
  if (one_in(3)) start.befores[0].state = captured(fmt::format("public in {} ways", below(9)));
  if (r.state == State::running && !one_in(4)) {  // a later part: of what was not observed yet
    std::erase_if(start.befores, [&](const StepBefore& before) { return r.steps[before.step].before.has_value(); });
    if (!start.befores.empty()) start.step = start.befores.back().step;
  } else if (one_in(4)) {
    start.befores.resize(1);
    start.befores[0].holds = false;
    start.step = one_in(8) ? r.steps.size() - 1 : 0;
  }
  start.breaker = breaker();
  return start;
}

std::optional<OpenBreaker> ChangeMaker::breaker() {
  if (!one_in(12)) return std::nullopt;
  const Time now = clock_.now();
  return OpenBreaker{"aws.s3/1/here", now, now + std::chrono::seconds(below(60)), 3, 3, 1, "no answer"};
}

StepOutcome ChangeMaker::outcome(const Remediation& r) {
  size_t step = below(r.steps.size());
  for (size_t i = 0; i < r.steps.size(); ++i) {
    if (r.steps[i].status == StepStatus::attempted && !one_in(5)) step = i;
  }
  StepOutcome outcome = sample_outcome(step, r.steps[step].attempts, r.steps[step].mark, clock_.now());
  outcome.result = static_cast<StepOutcome::Result>(below(one_in(3) ? 6 : 1));
  if (one_in(12)) outcome.mark = "somebody else's";
  if (one_in(12)) outcome.mark = "";
  if (one_in(6)) outcome.after.reset();
  return outcome;
}

Change ChangeMaker::work(LedgerReader& reader) {
  const auto open = *reader.open_remediations();
  if (open.empty()) return batch(reader);
  const Remediation& r = open[below(open.size())];
  const int64_t head = *reader.journal_head();
  if (one_in(20)) {
    constexpr Move kMoves[] = {Move::hold, Move::wait, Move::resume, Move::supersede, Move::expire, Move::confirm};
    const std::optional<Time> due = one_in(4) ? std::nullopt : std::optional(clock_.now() + std::chrono::minutes(1));
    return MoveRemediation{r.id, kMoves[below(6)], "executor", "as it likes", {{"n", 1}}, due};
  }
  if (r.steps.empty()) {
    if (r.state != State::planned) return PersonalMove{r.id, Move::resume, "alice", "so it shall be", !one_in(4)};
    return Conclude{r.id, one_in(4) ? Move::confirm : Move::announce, head, {}, "", Json::object()};
  }
  std::optional<StepOutcome> previous;
  if (one_in(2)) previous = outcome(r);
  const size_t step = below(r.steps.size());
  const int attempt = r.steps[step].attempts + (one_in(8) ? 2 : 1);
  const int undo_attempt = r.steps[step].undo_attempts + (one_in(8) ? 2 : 1);
  const std::vector<std::pair<size_t, CapturedState>> afters = {{0, captured("private")}};
  const int64_t observed_from = one_in(4) ? head / 2 : head;
  switch (r.state) {
    case State::planned:
      if (one_in(8)) return Conclude{r.id, Move::confirm, observed_from, {}, "nothing was to be done", Json::object()};
      if (one_in(20)) return Conclude{r.id, Move::announce, observed_from, {}, "", Json::object()};
      return start(r, head);
    case State::waiting:
      return MoveRemediation{r.id, Move::resume, "", "", {}, std::nullopt};
    case State::running:
    case State::unknown: {
      if (one_in(6)) return start(r, head);
      if (one_in(3)) return Attempt{r.id, previous, step, attempt, mark(), breaker()};
      constexpr Move kMoves[] = {Move::apply_all,  Move::apply_all, Move::apply_all, Move::outcome,
                                 Move::lose_sight, Move::fail,      Move::undo,      Move::hold};
      return RecordOutcome{r.id, outcome(r), kMoves[below(8)], "so it went"};
    }
    case State::confirming: {
      if (one_in(8)) return Attempt{r.id, std::nullopt, step, attempt, mark(), breaker()};
      constexpr Move kMoves[] = {Move::confirm, Move::confirm, Move::isolate, Move::give_up_confirming, Move::fail};
      return Conclude{r.id, kMoves[below(5)], observed_from, afters, "as observed", Json::object()};
    }
    case State::isolated:
      return MoveRemediation{r.id, Move::release, "", "the lease is over", {}, std::nullopt};
    case State::releasing:
      if (one_in(2)) return AttemptUndo{r.id, previous, step, undo_attempt, mark(), breaker()};
      return Conclude{r.id, one_in(4) ? Move::give_up_confirming : Move::confirm, head, afters, "", Json::object()};
    case State::held:
      if (one_in(6)) return PersonalMove{r.id, Move::undo, "alice", "back to where it was"};
      return PersonalMove{r.id, one_in(4) ? Move::cancel : Move::resume, one_in(3) ? "bob" : "alice", "so it shall be"};
    case State::undoing:
      if (one_in(2)) return AttemptUndo{r.id, previous, step, undo_attempt, mark(), breaker()};
      if (one_in(3)) return RecordOutcome{r.id, outcome(r), Move::outcome, ""};
      return Conclude{r.id, one_in(4) ? Move::refuse : Move::finish_undo, head, {}, "undone", {{"difference", "none"}}};
    default:
      return start(r, head);  // refused
  }
}

// ---- reconcile -----------------------------------------------------------------------------------------------------

Change ChangeMaker::by_reconcile(LedgerReader& reader) {
  const ClaimPlace after{static_cast<uint32_t>(below(kDialPoints)), "", ""};
  std::vector<Claim> claims = *reader.claims(after, kDialPoints, 1);
  if (claims.empty()) claims = *reader.claims({}, kDialPoints, 1);
  if (claims.empty()) return work(reader);
  const Claim& claim = claims[0];
  const std::string of = one_in(8) ? sample_id(1) : claim.remediation;
  const std::string target = one_in(16) ? "arn:aws:s3:::of-nobody" : claim.plan.target;
  if (one_in(6)) return ExpireClaim{claim.plan.rule.id, target, of};
  remediations_.push_back(sample_id(++number_));
  return FindDrift{claim.plan.rule.id, target, of, remediations_.back(), "public again", clock_.now()};
}

// ---- others --------------------------------------------------------------------------------------------------------

Change ChangeMaker::by_a_person(LedgerReader& reader) {
  constexpr const char* kScopes[] = {
      "all", "rule:aws.s3.public-bucket", "account:123456789012", "file:/data/pause", "restored", "everything"};
  const std::string scope = kScopes[below(6)];
  const std::vector<Pause> pauses = *reader.pauses();
  switch (below(14)) {
    case 0:
      return AddPause{{scope, "a storm", "alice", clock_.now()}};
    case 1:
    case 2:
    case 3:
      return RemovePause{pauses.empty() ? scope : pauses[0].scope, "alice"};
    case 4: {
      Exception exception{fmt::format("exception-{}", below(4)),
                          one_in(2) ? "*" : kSampleRule,
                          one_in(4) ? "arn:aws:s3:::bucket-1*" : target(),
                          one_in(8) ? "" : "bob",
                          "a public site",
                          clock_.now() + std::chrono::minutes(below(120)),
                          "alice",
                          clock_.now()};
      return AddException{exception};
    }
    case 5:
      return RevokeException{fmt::format("exception-{}", below(4)), "alice"};
    case 6: {
      CloseDeadLetters close{{}, "alice", "discarded"};
      const std::vector<DeadLetter> letters = *reader.dead_letters({});
      for (const DeadLetter& letter : letters) {
        if (one_in(2)) close.numbers.push_back(letter.number);
      }
      close.numbers.push_back(1'000'000);
      return close;
    }
    case 7:
      if (one_in(3)) return rerun(reader);
      return redrive(reader);
    case 8:
      return AcceptClock{"the time server was wrong", "alice"};
    default: {
      if (remediations_.empty()) return RemovePause{scope, "alice"};
      constexpr Move kMoves[] = {Move::resume, Move::cancel, Move::undo, Move::undo, Move::undo, Move::confirm};
      const size_t recent = std::min<size_t>(remediations_.size(), 20);
      return PersonalMove{remediations_[remediations_.size() - 1 - below(recent)], kMoves[below(6)],
                          one_in(3) ? "bob" : "alice", "because"};
    }
  }
}

Change ChangeMaker::by_the_daemon() {
  switch (below(5)) {
    case 0:
      return NoteStart{"0.1.0", "digest", "boot-1"};
    case 1:
      return NoteStop{"asked to"};
    case 2:
      return own_principal_alarm();
    default: {
      LoadRules rules = sample_rules(one_in(8) ? static_cast<Mode>(below(4)) : Mode::enforce);
      if (!one_in(4)) rules.rules.push_back(sample_rules(Mode::enforce, kOtherRule).rules[0]);
      if (one_in(4)) rules.rules[0].policy.limits.per_hour = 1 + static_cast<int>(below(5));
      if (one_in(16)) rules.rules[0].policy.approvals = 1;
      if (one_in(16)) rules.rules[0].policy.limits.mass_match = 1 + static_cast<int>(below(3));
      for (LoadedRule& rule : rules.rules) rule.policy.reconcile = static_cast<Reconcile>(one_in(8) ? 0 : 1 + below(2));
      return rules;
    }
  }
}

Change ChangeMaker::by_the_notifier(LedgerReader& reader) {
  const auto due = *reader.due_notices(clock_.now(), 5);
  Notice notice;
  notice.number = 99'999;
  if (!due.empty()) notice = due[below(due.size())];
  const int64_t number = notice.number;
  switch (below(3)) {
    case 0:
      return NoticeDelivered{number, one_in(8) ? "notice_of_before" : notice.id, 200};
    case 1:
      return NoticeDeferred{number, clock_.now() + std::chrono::minutes(5), "503"};
    default:
      return NoticeGivenUp{number, "410 gone"};
  }
}

}  // namespace kedge
