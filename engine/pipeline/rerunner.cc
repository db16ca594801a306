#include "pipeline/rerunner.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/json.h"
#include "pipeline/deciding_anew.h"

namespace kedge {

struct Rerunner::Decided {
  RerunEvent change;  // what it says of what is run again
  std::string rule;   // its id
  std::string document_digest;
  PartitionId partition;
  int64_t offset = 0;
  uint32_t index = 0;
  Time received;
};

namespace {

Error refused(std::string why) { return {ErrorCode::refused, std::move(why)}; }

std::optional<int64_t> number_in(const std::string& what) {
  int64_t number = 0;
  const char* const end = what.data() + what.size();
  const auto [stop, failure] = std::from_chars(what.data(), end, number);
  return failure == std::errc() && stop == end && number >= 0 ? std::optional(number) : std::nullopt;
}

std::string outcome_of(const Decider::Outcome& outcome) {
  const CommitBatch& decided = outcome.commit;
  if (!decided.dead_letters.empty()) return "failed";
  if (!decided.findings.empty() || !decided.suppressions.empty()) return "decided";
  return outcome.matches > 0 ? "nothing" : "unmatched";
}

std::string why(const RerunEvent& change, const std::vector<Disposition>& dispositions) {
  if (change.outcome == "failed") return change.message;
  if (change.outcome == "nothing") return words_of_nothing(change.decided);
  if (change.outcome == "unmatched") return "the pattern of " + change.rule.id + " does not match it any more";
  return words_of(change.decided, dispositions);
}

}  // namespace

Rerunner::Rerunner(Parts parts, Decider::Options options) : parts_(parts), options_(unbenched(std::move(options))) {}

Result<Rerun> Rerunner::run(const std::string& what, const std::string& actor, const std::string& reason) {
  auto decided = find(what);
  if (!decided) return decided.error();
  const auto rules = parts_.rules.get();
  const Rule* const rule = rules->find(decided->rule);
  if (rule == nullptr) return refused("the rule " + decided->rule + " is not loaded");
  const auto head = parts_.reader.journal_head();
  if (!head) return head.error();
  RerunEvent& change = decided->change;
  change.rule = {rule->id, rule->version};
  change.redrive = *head + 1;
  change.actor = actor;
  change.reason = reason;

  auto outcome = decide(*decided, *rule, rules, change.redrive);
  if (!outcome) return outcome.error();
  change.outcome = outcome_of(*outcome);
  change.decided = std::move(outcome->commit);
  for (Finding& finding : change.decided.findings) finding.requester = actor;
  if (change.outcome == "failed") {
    const DeadLetter& letter = change.decided.dead_letters.front();
    change.message = letter.reason + ": " + letter.message;
    change.decided = {};
  }
  const Answer answer = parts_.committer.commit(change);
  if (!answer.done()) return answer.error;
  Rerun rerun{change.outcome, change.redrive, {}, why(change, answer.dispositions)};
  for (const Disposition& one : answer.dispositions) {
    if (!one.remediation.empty()) rerun.remediations.push_back(one.remediation);
  }
  return rerun;
}

Result<Decider::Outcome> Rerunner::decide(const Decided& decided, const Rule& rule,
                                          const std::shared_ptr<const RuleSet>& rules, int64_t redrive) {
  const auto document = parts_.reader.blob(decided.document_digest);
  if (!document) {
    return document.error().with(
        "its event is not kept any more (limits.undo_horizon says how long it is); while its topic keeps it, `kedge "
        "source seek` reads it again, which does nothing about what was decided within limits.seen_for");
  }
  SourceMessage message;
  message.offset = decided.offset;
  message.value = *document;
  const auto batch = batch_of_one(parts_.reader, decided.partition, message, decided.received);
  if (!batch) return batch.error();
  Decider decider(parts_.reader, parts_.clock, parts_.random, options_);
  decider.use(rules);
  decider.use_principals(parts_.us.get());
  Decider::Outcome outcome;
  decider.run_again(*batch, {decided.index, &rule - rules->rules().data(), redrive}, outcome);
  return outcome;
}

Result<Rerunner::Decided> Rerunner::find(const std::string& what) {
  const auto number = number_in(what);
  return number ? find_suppression(*number) : find_remediation(what);
}

Result<Rerunner::Decided> Rerunner::find_remediation(const std::string& id) {
  const auto found = parts_.reader.remediation(id);
  if (!found) return found.error();
  if (!is_end(found->state)) {
    return Error{ErrorCode::conflict,
                 fmt::format("{} is open ({}): `kedge remediation show {}` tells what it waits for", id,
                             to_string(found->state), id)};
  }
  if (found->origin == "reconcile") return refused(id + " comes of no event: reconcile looks at its target by itself");
  Decided decided;
  decided.change.remediation = id;
  decided.rule = found->plan.rule.id;
  decided.document_digest = found->event.document_digest;
  decided.partition = found->event.partition;
  decided.offset = found->event.offset;
  decided.index = found->event.index;
  decided.received = found->times.received;
  return decided;
}

Result<Rerunner::Decided> Rerunner::find_suppression(int64_t number) {
  const auto entries = parts_.reader.journal(number, 1);
  if (!entries) return entries.error();
  if (entries->empty() || entries->front().seq != number) {
    return Error{ErrorCode::not_found, fmt::format("the ledger has no record {}, or none any more", number)};
  }
  const auto record = parse_json(entries->front().bytes);
  if (!record) return record.error().with(fmt::format("record {}", number));
  const std::string kind = record->value("kind", "");
  if (kind != "suppression") {
    return refused(fmt::format("record {} is a {}: give a suppression's number, or a remediation's id", number, kind));
  }
  const Json event = record->value("event", Json::object());
  if (!event.contains("document_sha256")) {
    return refused(fmt::format("record {} stands for many suppressions, whose events are not kept", number));
  }
  const Json& read_from = event.at("partition");
  Decided decided;
  decided.change.suppression = number;
  decided.rule = record->at("rule").at("id").get<std::string>();
  decided.document_digest = event.at("document_sha256").get<std::string>();
  decided.partition = {read_from.at("source"), read_from.at("topic"), read_from.at("partition")};
  decided.offset = event.at("offset");
  decided.index = event.at("index");
  const auto received = parse_time(record->at("times").at("received").get<std::string>());
  if (!received) return received.error().with(fmt::format("record {}", number));
  decided.received = *received;
  return decided;
}

}  // namespace kedge
